-- Removes the server's own keys a day after they were retired. One row for each rotation.
CREATE OR REPLACE FUNCTION prune_server_keys() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_before timestamptz := settled_clock() - interval '1 day';
BEGIN
  DELETE FROM server_keys WHERE retired_at < v_before;
END $$;

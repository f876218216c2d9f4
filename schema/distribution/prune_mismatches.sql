-- Removes presented keys that this node holds and that may be told of again.
CREATE OR REPLACE FUNCTION prune_mismatches() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  PERFORM prune_local('mismatches', format(
    '(alerted_at < %L AND telling <> ''WAITING'') OR alerted_at > %L',
    settled_clock() - interval '1 hour', v_now + interval '1 minute'), 5000);
END $$;

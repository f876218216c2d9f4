-- Removes keys of application servers that were not proved within p_days, about p_batch of them, the operator's word for keys that
-- were not registered, and application servers without a key. Returns how many keys were removed.
CREATE OR REPLACE FUNCTION prune_application_servers(p_days integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_before timestamptz := settled_clock() - make_interval(days => p_days);
  v_removed integer;
BEGIN
  DELETE FROM application_server_keys WHERE id = ANY (ARRAY(
    SELECT id FROM application_server_keys WHERE proof IS NULL AND registered_at < v_before LIMIT p_batch));
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  DELETE FROM application_server_approvals WHERE approved_at < v_before;
  DELETE FROM application_servers s
  WHERE proved_at IS NULL AND created_at < v_before
    AND NOT EXISTS (SELECT FROM application_server_keys k WHERE k.application_server_id = s.id);
  RETURN v_removed;
END $$;

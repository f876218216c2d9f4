-- Removes old changes of application servers that this node holds, one application server after the other.
CREATE OR REPLACE FUNCTION prune_key_changes(p_days integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_before timestamptz := settled_clock() - make_interval(days => p_days);
  v_server uuid;
  v_removed integer := 0;
BEGIN
  FOREACH v_server IN ARRAY
    local_owners('key_changes', 'application_server_id', format('occurred_at < %L', v_before), p_batch)
  LOOP
    v_removed := v_removed + prune_application_server_changes(v_server, v_before, p_batch);
    EXIT WHEN v_removed >= p_batch;
  END LOOP;
  RETURN v_removed;
END $$;

-- Forgets at most p_batch acquisitions whose ids are remembered for p_hours. Returns how many.
CREATE OR REPLACE FUNCTION prune_acquisitions(p_hours integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_before timestamptz := settled_clock() - make_interval(hours => p_hours);
  v_removed integer;
BEGIN
  DELETE FROM acquisitions WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM acquisitions WHERE acquired_at < v_before LIMIT p_batch));
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  RETURN v_removed;
END $$;

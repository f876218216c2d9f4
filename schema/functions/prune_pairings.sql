-- Removes at most p_batch pairings whose time is over. Returns how many.
CREATE OR REPLACE FUNCTION prune_pairings(p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_before timestamptz := settled_clock();
  v_removed integer;
BEGIN
  DELETE FROM pairings WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM pairings WHERE expires_at < v_before LIMIT p_batch));
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  RETURN v_removed;
END $$;

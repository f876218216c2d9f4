-- Removes at most p_batch rates that are refilled, or that a wrong clock has filled far ahead. Returns how many.
CREATE OR REPLACE FUNCTION prune_rates(p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_removed integer;
BEGIN
  DELETE FROM rates WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM rates WHERE full_at < v_now OR full_at > v_now + interval '1 day' LIMIT p_batch));
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  RETURN v_removed;
END $$;

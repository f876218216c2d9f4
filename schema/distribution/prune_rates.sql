-- Removes rates that say nothing any more. They are on the coordinator.
CREATE OR REPLACE FUNCTION prune_rates(p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  RETURN prune_local('rates', format('full_at < %L OR full_at > %L', v_now, v_now + interval '1 day'), p_batch);
END $$;

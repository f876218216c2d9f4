-- Forgets acquisitions that this node holds.
CREATE OR REPLACE FUNCTION prune_acquisitions(p_hours integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  RETURN prune_local('acquisitions', format('acquired_at < %L', settled_clock() - make_interval(hours => p_hours)), p_batch);
END $$;

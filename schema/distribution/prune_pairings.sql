-- Removes pairings that this node holds and whose time is over.
CREATE OR REPLACE FUNCTION prune_pairings(p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  RETURN prune_local('pairings', format('expires_at < %L', settled_clock()), p_batch);
END $$;

-- Removes at most p_batch nonces whose signatures' windows have closed, and from then on refuses whatever ends as early as
-- one of them. Returns how many were removed.
CREATE OR REPLACE FUNCTION prune_nonces(p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_settled timestamptz := settled_clock();
  v_removed integer;
BEGIN
  WITH removed AS (
    DELETE FROM nonces WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM nonces
      WHERE expires_at < v_settled
      LIMIT p_batch))
    RETURNING expires_at
  ), forgotten AS (
    INSERT INTO forgotten_nonces AS f (expires_at) SELECT max(expires_at) FROM removed HAVING count(*) > 0
    ON CONFLICT (id) DO UPDATE SET expires_at = greatest(f.expires_at, excluded.expires_at)
  )
  SELECT count(*) INTO v_removed FROM removed;
  RETURN v_removed;
END $$;

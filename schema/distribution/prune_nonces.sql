-- Removes nonces that this node holds and whose signatures' windows have closed. What is refused from then on is noted on all nodes
-- in the same transaction: while one of them is away, nonces stay.
CREATE OR REPLACE FUNCTION prune_nonces(p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_settled timestamptz := settled_clock();
  v_shard regclass;
  v_removed integer;
  v_most integer := 0;
  v_newest timestamptz;
  v_forgotten timestamptz;
BEGIN
  PERFORM set_config('citus.enable_manual_changes_to_shards', 'on', true);
  FOR v_shard IN SELECT * FROM local_shards('nonces') LOOP
    EXECUTE format(
      'WITH removed AS (
        DELETE FROM %1$s WHERE ctid = ANY (ARRAY(SELECT ctid FROM %1$s WHERE expires_at < $1 LIMIT $2)) RETURNING expires_at
      ) SELECT count(*), max(expires_at) FROM removed', v_shard) INTO v_removed, v_newest USING v_settled, p_batch;
    v_most := greatest(v_most, v_removed);
    v_forgotten := greatest(v_forgotten, v_newest);
  END LOOP;
  IF v_forgotten IS NOT NULL THEN
    INSERT INTO forgotten_nonces AS f (expires_at) VALUES (v_forgotten)
    ON CONFLICT (id) DO UPDATE SET expires_at = greatest(f.expires_at, excluded.expires_at);
  END IF;
  RETURN v_most;
END $$;

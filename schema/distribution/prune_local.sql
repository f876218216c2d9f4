-- Removes rows that this node holds and that fulfil a condition, at most p_batch of each shard. Returns how many of one shard at
-- most. It writes the shards themselves, and not the table: a row that is just moved to another node may come back there, and is
-- removed by the next run. So it is for rows alone that nobody misses and nothing counts.
CREATE OR REPLACE FUNCTION prune_local(p_table text, p_condition text, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_shard regclass;
  v_removed integer;
  v_most integer := 0;
BEGIN
  PERFORM set_config('citus.enable_manual_changes_to_shards', 'on', true);
  FOR v_shard IN SELECT * FROM local_shards(p_table) LOOP
    EXECUTE format(
      'DELETE FROM %1$s WHERE ctid = ANY (ARRAY(SELECT ctid FROM %1$s WHERE %2$s LIMIT %3$s))', v_shard, p_condition, p_batch);
    GET DIAGNOSTICS v_removed = ROW_COUNT;
    v_most := greatest(v_most, v_removed);
  END LOOP;
  RETURN v_most;
END $$;

-- Counts what this node holds that is due and waits.
CREATE OR REPLACE FUNCTION count_backlog(p_overdue_seconds integer, p_most integer)
RETURNS TABLE (deadlines integer, webhooks integer) LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_shard regclass;
  v_count integer;
BEGIN
  deadlines := 0;
  webhooks := 0;
  FOR v_shard IN SELECT * FROM local_shards('deadlines') LOOP
    EXECUTE format(
      'SELECT count(*) FROM (SELECT FROM %s WHERE taken_at IS NULL AND due_at <= $1 LIMIT $2) AS overdue', v_shard)
      INTO v_count USING v_now - make_interval(secs => p_overdue_seconds), p_most;
    deadlines := deadlines + v_count;
  END LOOP;
  FOR v_shard IN SELECT * FROM local_shards('webhooks') LOOP
    EXECUTE format(
      'SELECT count(*) FROM (
        SELECT FROM %s WHERE due_at <= $1 AND (leased_until IS NULL OR leased_until <= $1) LIMIT $2) AS due', v_shard)
      INTO v_count USING v_now, p_most;
    webhooks := webhooks + v_count;
  END LOOP;
  RETURN NEXT;
END $$;

-- The application servers of accounts that this node holds, of which presented keys are to be told together.
CREATE OR REPLACE FUNCTION mismatches_to_sum_up(p_after_seconds integer, p_every_seconds integer, p_batch integer)
RETURNS TABLE (account_id uuid, application_server text) LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_shard regclass;
BEGIN
  FOR v_shard IN SELECT * FROM local_shards('mismatches') LOOP
    RETURN QUERY EXECUTE format(
      'SELECT account_id, application_server FROM %s
      GROUP BY account_id, application_server
      HAVING min(alerted_at) FILTER (WHERE telling = ''WAITING'') <= $1
        AND (max(alerted_at) FILTER (WHERE telling = ''SUMMED_UP'') > $2) IS NOT TRUE
      LIMIT $3', v_shard)
      USING v_now - make_interval(secs => p_after_seconds), v_now - make_interval(secs => p_every_seconds), p_batch;
  END LOOP;
END $$;

-- The application servers of accounts, at most p_batch, of which presented keys have waited for p_after_seconds to be told
-- together, and none were told together within p_every_seconds.
CREATE OR REPLACE FUNCTION mismatches_to_sum_up(p_after_seconds integer, p_every_seconds integer, p_batch integer)
RETURNS TABLE (account_id uuid, application_server text) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  RETURN QUERY
    SELECT account_id, application_server FROM mismatches waiting
    WHERE telling = 'WAITING'
    GROUP BY account_id, application_server
    HAVING min(alerted_at) <= v_now - make_interval(secs => p_after_seconds)
      AND NOT EXISTS (
        SELECT FROM mismatches m
        WHERE m.account_id = waiting.account_id AND m.application_server = waiting.application_server
          AND m.telling = 'SUMMED_UP'
          AND m.alerted_at > v_now - make_interval(secs => p_every_seconds))
    LIMIT p_batch;
END $$;

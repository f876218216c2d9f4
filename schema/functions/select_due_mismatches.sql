-- Finds those of many presented keys that an owner is to be told of: the keys of an application server that the account has keys
-- for, that are none of these, and that were not told within the hour. Returns their places, from 1 on, and whether each is told
-- alone: p_alone of an application server are in an hour, and p_waiting at most wait to be told together.
CREATE OR REPLACE FUNCTION select_due_mismatches(
  p_account_ids uuid[], p_application_servers text[], p_thumbprints text[], p_alone integer, p_waiting integer
) RETURNS TABLE (place integer, is_alone boolean) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  v_hour_ago timestamptz := clock_timestamp() - interval '1 hour';
BEGIN
  RETURN QUERY
    WITH strange AS (
      SELECT *, row_number() OVER (PARTITION BY account_id, application_server ORDER BY place) AS rank
      FROM unnest(p_account_ids, p_application_servers, p_thumbprints)
        WITH ORDINALITY AS asked (account_id, application_server, thumbprint, place)
      WHERE EXISTS (
          SELECT FROM transaction_keys k
          WHERE k.account_id = asked.account_id AND k.application_server = asked.application_server)
        AND NOT EXISTS (
          SELECT FROM transaction_keys k
          WHERE k.account_id = asked.account_id AND k.application_server = asked.application_server
            AND k.thumbprint = asked.thumbprint)
        AND NOT EXISTS (
          SELECT FROM mismatches m
          WHERE m.account_id = asked.account_id AND m.application_server = asked.application_server
            AND m.presented_thumbprint = asked.thumbprint
            AND (m.telling = 'WAITING' OR m.alerted_at > v_hour_ago))
    ), counted AS (
      SELECT place,
        rank + (
          SELECT count(*) FROM mismatches m
          WHERE m.account_id = strange.account_id AND m.application_server = strange.application_server
            AND m.telling = 'ALERTED' AND m.alerted_at > v_hour_ago) AS told,
        rank + (
          SELECT count(*) FROM mismatches m
          WHERE m.account_id = strange.account_id AND m.application_server = strange.application_server
            AND m.telling = 'WAITING') AS waiting
      FROM strange
    )
    SELECT place::integer, told <= p_alone
    FROM counted
    WHERE told <= p_alone OR waiting <= p_waiting
    ORDER BY place;
END $$;

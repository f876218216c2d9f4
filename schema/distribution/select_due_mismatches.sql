-- Finds those of many presented keys that an owner is to be told of. Most concern nobody: one statement finds the rest, and these
-- are looked at one by one.
CREATE OR REPLACE FUNCTION select_due_mismatches(
  p_account_ids uuid[], p_application_servers text[], p_thumbprints text[], p_alone integer, p_waiting integer
) RETURNS TABLE (place integer, is_alone boolean) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  v_hour_ago timestamptz := clock_timestamp() - interval '1 hour';
  v_asked record;
  v_ranks jsonb := '{}';
  v_of text;
  v_rank integer;
  v_told integer;
  v_waiting integer;
BEGIN
  FOR v_asked IN
    SELECT DISTINCT listed.place::integer AS place, listed.account_id, listed.application_server, listed.thumbprint
    FROM unnest(p_account_ids, p_application_servers, p_thumbprints)
      WITH ORDINALITY AS listed (account_id, application_server, thumbprint, place)
    JOIN transaction_keys k ON k.account_id = listed.account_id AND k.application_server = listed.application_server
    WHERE k.account_id = ANY (p_account_ids)
    ORDER BY place
  LOOP
    CONTINUE WHEN EXISTS (
      SELECT 1 FROM transaction_keys k
      WHERE k.account_id = v_asked.account_id AND k.application_server = v_asked.application_server
        AND k.thumbprint = v_asked.thumbprint);
    CONTINUE WHEN EXISTS (
      SELECT 1 FROM mismatches m
      WHERE m.account_id = v_asked.account_id AND m.application_server = v_asked.application_server
        AND m.presented_thumbprint = v_asked.thumbprint AND (m.telling = 'WAITING' OR m.alerted_at > v_hour_ago));
    v_of := v_asked.account_id || ' ' || v_asked.application_server;
    v_rank := coalesce((v_ranks ->> v_of)::integer, 0) + 1;
    v_ranks := v_ranks || jsonb_build_object(v_of, v_rank);
    SELECT v_rank + count(*) FILTER (WHERE m.telling = 'ALERTED' AND m.alerted_at > v_hour_ago),
      v_rank + count(*) FILTER (WHERE m.telling = 'WAITING')
    INTO v_told, v_waiting
    FROM mismatches m
    WHERE m.account_id = v_asked.account_id AND m.application_server = v_asked.application_server;
    IF v_told <= p_alone OR v_waiting <= p_waiting THEN
      place := v_asked.place;
      is_alone := v_told <= p_alone;
      RETURN NEXT;
    END IF;
  END LOOP;
END $$;

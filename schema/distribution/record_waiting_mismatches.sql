-- Keeps presented keys that wait to be told together, one after the other on the nodes that hold their accounts.
CREATE OR REPLACE FUNCTION record_waiting_mismatches(p_account_ids uuid[], p_application_servers text[], p_thumbprints text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_hour_ago timestamptz := v_now - interval '1 hour';
  v_beyond record;
BEGIN
  FOR v_beyond IN
    SELECT DISTINCT account_id, application_server, thumbprint
    FROM unnest(p_account_ids, p_application_servers, p_thumbprints) AS beyond (account_id, application_server, thumbprint)
    ORDER BY account_id, application_server, thumbprint
  LOOP
    INSERT INTO mismatches AS m (account_id, application_server, presented_thumbprint, alerted_at, telling)
    VALUES (v_beyond.account_id, v_beyond.application_server, v_beyond.thumbprint, v_now, 'WAITING')
    ON CONFLICT (account_id, application_server, presented_thumbprint) DO UPDATE
    SET alerted_at = excluded.alerted_at, telling = excluded.telling
    WHERE m.alerted_at <= v_hour_ago AND m.telling <> excluded.telling;
  END LOOP;
END $$;

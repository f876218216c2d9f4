-- Keeps presented keys that wait to be told together, unless they wait already or were told of within the hour.
CREATE OR REPLACE FUNCTION record_waiting_mismatches(p_account_ids uuid[], p_application_servers text[], p_thumbprints text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_hour_ago timestamptz := v_now - interval '1 hour';
BEGIN
  -- In one order, so that two servers do not wait for each other.
  INSERT INTO mismatches AS m (account_id, application_server, presented_thumbprint, alerted_at, telling)
  SELECT DISTINCT account_id, application_server, thumbprint, v_now, 'WAITING'::mismatch_telling
  FROM unnest(p_account_ids, p_application_servers, p_thumbprints) AS beyond (account_id, application_server, thumbprint)
  ORDER BY account_id, application_server, thumbprint
  ON CONFLICT (account_id, application_server, presented_thumbprint) DO UPDATE
  SET alerted_at = excluded.alerted_at, telling = 'WAITING'
  WHERE m.alerted_at <= v_hour_ago AND m.telling <> 'WAITING';
END $$;

-- Tells webhooks, channels and subscribers that these accounts have new alerts.
CREATE OR REPLACE FUNCTION announce_alerts(p_account_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_account uuid;
  v_position bigint;
BEGIN
  FOREACH v_account IN ARRAY p_account_ids LOOP
    SELECT alert_position INTO v_position FROM accounts WHERE id = v_account;
    UPDATE webhooks
    SET newest_position = v_position,
        due_at = CASE
          WHEN notice IS NOT NULL THEN due_at
          WHEN disabled_at IS NULL THEN coalesce(due_at, greatest(v_now, paused_until))
        END
    WHERE account_id = v_account;
    PERFORM pg_notify('claviger_alerts', v_account::text);
  END LOOP;
END $$;

-- Stores the alerts of deadlines of an account that are due, at most p_batch, as sweep_deadlines does of all accounts where one
-- PostgreSQL holds them. Returns how many were taken.
CREATE OR REPLACE FUNCTION sweep_account_deadlines(p_account_id uuid, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_due deadlines;
  v_taken integer := 0;
  v_standing deadlines[] := '{}';
  v_position bigint;
  v_expired_keys uuid[] := '{}';
BEGIN
  PERFORM hold_account(p_account_id);
  FOR v_due IN
    SELECT * FROM deadlines WHERE account_id = p_account_id AND taken_at IS NULL AND due_at <= v_now
    ORDER BY due_at, notice_seconds DESC LIMIT p_batch FOR UPDATE SKIP LOCKED
  LOOP
    UPDATE deadlines SET taken_at = v_now
    WHERE account_id = p_account_id AND transaction_key_id = v_due.transaction_key_id AND notice_seconds = v_due.notice_seconds;
    v_taken := v_taken + 1;
    IF v_due.notice_seconds = 0 OR v_due.expires_at > v_now THEN
      v_standing := v_standing || v_due;
    END IF;
  END LOOP;
  IF cardinality(v_standing) = 0 THEN
    RETURN v_taken;
  END IF;
  UPDATE accounts SET alert_position = alert_position + cardinality(v_standing)
  WHERE id = p_account_id
  RETURNING alert_position - cardinality(v_standing) INTO v_position;
  FOREACH v_due IN ARRAY v_standing LOOP
    v_position := v_position + 1;
    INSERT INTO alerts (account_id, position, kind, occurred_at, transaction_key_id, details)
    VALUES (p_account_id, v_position,
      (CASE WHEN v_due.notice_seconds = 0 THEN 'KEY_EXPIRED' ELSE 'KEY_EXPIRING' END)::alert_kind,
      v_now, v_due.transaction_key_id,
      jsonb_build_object('expiresAt', to_char(v_due.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
        || CASE WHEN v_due.notice_seconds = 0 THEN '{}'
          ELSE jsonb_build_object('noticeSeconds', v_due.notice_seconds) END);
    IF v_due.notice_seconds = 0 THEN
      v_expired_keys := v_expired_keys || v_due.transaction_key_id;
    END IF;
  END LOOP;
  PERFORM announce_alerts(ARRAY[p_account_id]);
  IF cardinality(v_expired_keys) > 0 THEN
    PERFORM record_key_changes(array_fill(p_account_id, ARRAY[cardinality(v_expired_keys)]), v_expired_keys, 'EXPIRED');
  END IF;
  RETURN v_taken;
END $$;

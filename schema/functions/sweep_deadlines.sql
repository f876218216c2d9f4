-- Stores the alerts of at most p_batch deadlines that are due, and tells application servers which keys have expired.
-- Any number of servers may call it at once: each takes what no other has taken. Returns how many deadlines were taken, or
-- armed again when these are more.
-- A notice that is due after its term's end is dropped. A deadline that was taken although it lies ahead was taken while the clock was
-- wrong: it is armed again, and will be alerted once more when its time comes. Within a second of it nothing is armed
-- again: that alert came in time, and clocks are corrected by fractions of a second.
CREATE OR REPLACE FUNCTION sweep_deadlines(p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_armed integer;
  v_taken integer;
  v_accounts uuid[];
  v_expired_accounts uuid[];
  v_expired_keys uuid[];
BEGIN
  UPDATE deadlines SET taken_at = NULL WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM deadlines
    WHERE taken_at IS NOT NULL AND due_at > v_now + interval '1 second'
    ORDER BY due_at
    LIMIT p_batch
    FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS v_armed = ROW_COUNT;
  WITH taken AS (
    -- By the rows' own addresses: a join would be planned for a tenth of all deadlines, and read the whole table.
    UPDATE deadlines SET taken_at = v_now WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM deadlines
      WHERE taken_at IS NULL AND due_at <= v_now
      ORDER BY due_at
      LIMIT p_batch
      FOR UPDATE SKIP LOCKED))
    RETURNING *
  ), standing AS (
    SELECT taken.*, row_number() OVER (PARTITION BY account_id ORDER BY due_at, notice_seconds DESC) AS place
    FROM taken
    WHERE notice_seconds = 0 OR expires_at > v_now
  ), counted AS (
    SELECT account_id, count(*) AS alerts FROM standing GROUP BY account_id
  ), locked AS MATERIALIZED (
    SELECT accounts.id, counted.alerts
    FROM accounts JOIN counted ON counted.account_id = accounts.id
    ORDER BY accounts.id
    FOR NO KEY UPDATE OF accounts
  ), bumped AS (
    UPDATE accounts SET alert_position = alert_position + locked.alerts
    FROM locked WHERE accounts.id = locked.id
    RETURNING accounts.id, accounts.alert_position - locked.alerts AS base
  ), stored AS (
    INSERT INTO alerts (account_id, position, kind, occurred_at, transaction_key_id, details)
    SELECT standing.account_id, bumped.base + standing.place,
      (CASE WHEN notice_seconds = 0 THEN 'KEY_EXPIRED' ELSE 'KEY_EXPIRING' END)::alert_kind,
      v_now, transaction_key_id,
      jsonb_build_object('expiresAt', to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
        || CASE WHEN notice_seconds = 0 THEN '{}' ELSE jsonb_build_object('noticeSeconds', notice_seconds) END
    FROM standing JOIN bumped ON bumped.id = standing.account_id
    RETURNING account_id
  )
  SELECT (SELECT count(*) FROM taken),
    (SELECT array_agg(DISTINCT account_id) FROM stored),
    (SELECT array_agg(account_id ORDER BY due_at, transaction_key_id) FROM standing WHERE notice_seconds = 0),
    (SELECT array_agg(transaction_key_id ORDER BY due_at, transaction_key_id) FROM standing WHERE notice_seconds = 0)
  INTO v_taken, v_accounts, v_expired_accounts, v_expired_keys;
  PERFORM announce_alerts(v_accounts);
  IF v_expired_keys IS NOT NULL THEN
    PERFORM record_key_changes(v_expired_accounts, v_expired_keys, 'EXPIRED');
  END IF;
  RETURN greatest(v_taken, v_armed);
END $$;

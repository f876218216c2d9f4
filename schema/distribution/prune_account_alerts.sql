-- Removes alerts of an account that occurred before p_before, in their order, at most p_batch, as prune_alerts does of all accounts
-- where one PostgreSQL holds them. Returns how many.
CREATE OR REPLACE FUNCTION prune_account_alerts(p_account_id uuid, p_before timestamptz, p_batch integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_last record;
  v_removed integer;
BEGIN
  PERFORM hold_account(p_account_id);
  PERFORM 1 FROM accounts WHERE id = p_account_id FOR NO KEY UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  SELECT judged.position, judged.occurred_at INTO v_last
  FROM (
    SELECT position, occurred_at, bool_or(occurred_at BETWEEN p_before AND v_now) OVER (ORDER BY position) AS is_kept
    FROM (SELECT position, occurred_at FROM alerts WHERE account_id = p_account_id ORDER BY position LIMIT p_batch) AS oldest
  ) AS judged
  WHERE judged.occurred_at < p_before AND NOT judged.is_kept
  ORDER BY judged.position DESC LIMIT 1;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  PERFORM 1 FROM alerts WHERE account_id = p_account_id AND position <= v_last.position FOR UPDATE NOWAIT;
  PERFORM 1 FROM webhook_dead_letters WHERE account_id = p_account_id AND position <= v_last.position FOR UPDATE NOWAIT;
  DELETE FROM alerts WHERE account_id = p_account_id AND position <= v_last.position;
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  DELETE FROM webhook_dead_letters WHERE account_id = p_account_id AND position <= v_last.position;
  UPDATE accounts SET alert_low_water_mark = v_last.position, alert_low_water_mark_at = v_last.occurred_at
  WHERE id = p_account_id AND alert_low_water_mark < v_last.position;
  RETURN v_removed;
EXCEPTION WHEN lock_not_available THEN
  RETURN 0;
END $$;

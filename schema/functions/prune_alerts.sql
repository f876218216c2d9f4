-- Removes alerts that are older than p_days, about p_batch of them, and raises their accounts' low-water marks with it. Returns
-- how many were removed. It waits for no lock: an account whose row is locked is left for later, and when another
-- transaction holds one of the alerts or dead letters, nothing is removed now. So any number of servers may call it at once.
-- An account's alerts go in their order. One that looks old because the clock was behind when it occurred waits until those
-- before it are old, and one that occurred at an hour that lies ahead goes with those after it.
CREATE OR REPLACE FUNCTION prune_alerts(p_days integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_before timestamptz := settled_clock() - make_interval(days => p_days);
  v_removed integer;
BEGIN
  WITH old AS (
    SELECT account_id, position, occurred_at
    FROM alerts
    WHERE occurred_at < v_before AND (
      SELECT first.occurred_at NOT BETWEEN v_before AND v_now
      FROM alerts AS first
      WHERE first.account_id = alerts.account_id
        AND first.position > (SELECT alert_low_water_mark FROM accounts WHERE id = alerts.account_id)
      ORDER BY first.position
      LIMIT 1)
    ORDER BY occurred_at
    LIMIT p_batch
  ), kept AS (
    SELECT alerts.account_id, min(alerts.position) AS position
    FROM alerts JOIN (SELECT account_id, max(position) AS position FROM old GROUP BY account_id) AS last
      ON alerts.account_id = last.account_id AND alerts.position < last.position
    WHERE alerts.occurred_at BETWEEN v_before AND v_now
    GROUP BY alerts.account_id
  ), ended AS (
    SELECT DISTINCT ON (account_id) account_id, old.position, occurred_at
    FROM old LEFT JOIN kept USING (account_id)
    WHERE kept.position IS NULL OR old.position < kept.position
    ORDER BY account_id, old.position DESC
  ), locked AS MATERIALIZED (
    SELECT accounts.id, ended.position, ended.occurred_at
    FROM accounts JOIN ended ON ended.account_id = accounts.id
    ORDER BY accounts.id
    FOR NO KEY UPDATE OF accounts SKIP LOCKED
  ), held AS MATERIALIZED (
    SELECT alerts.account_id, alerts.position
    FROM alerts JOIN locked ON alerts.account_id = locked.id AND alerts.position <= locked.position
    FOR UPDATE OF alerts NOWAIT
  ), removed AS (
    DELETE FROM alerts USING held
    WHERE alerts.account_id = held.account_id AND alerts.position = held.position
    RETURNING alerts.account_id
  ), held_letters AS MATERIALIZED (
    SELECT letters.account_id, letters.webhook_id, letters.position
    FROM webhook_dead_letters letters
    JOIN locked ON letters.account_id = locked.id AND letters.position <= locked.position
    FOR UPDATE OF letters NOWAIT
  ), forgotten AS (
    DELETE FROM webhook_dead_letters AS letters USING held_letters AS held
    WHERE letters.account_id = held.account_id AND letters.webhook_id = held.webhook_id
      AND letters.position = held.position
  ), raised AS (
    UPDATE accounts SET alert_low_water_mark = locked.position, alert_low_water_mark_at = locked.occurred_at
    FROM locked WHERE accounts.id = locked.id AND accounts.alert_low_water_mark < locked.position
  )
  SELECT count(*) INTO v_removed FROM removed;
  RETURN v_removed;
EXCEPTION WHEN lock_not_available THEN
  RETURN 0;
END $$;

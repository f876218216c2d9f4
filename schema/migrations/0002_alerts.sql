-- How alerts are stored, what they bring along, and how they go.

ALTER TABLE accounts SET (fillfactor = 70);
--> statement-breakpoint

-- Stores one alert and wakes the listeners. Call it last: it locks the account's row until the transaction ends.
CREATE FUNCTION raise_alert(
  p_account_id uuid, p_kind alert_kind, p_transaction_key_id uuid, p_management_key_id text, p_details jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_position bigint;
BEGIN
  UPDATE accounts SET alert_position = alert_position + 1
  WHERE id = p_account_id
  RETURNING alert_position INTO v_position;
  INSERT INTO alerts (account_id, position, kind, occurred_at, transaction_key_id, management_key_id, details)
  VALUES (p_account_id, v_position, p_kind, clock_timestamp(), p_transaction_key_id, p_management_key_id, p_details);
  PERFORM pg_notify('claviger_alerts', p_account_id::text);
END $$;
--> statement-breakpoint

-- Tells webhooks that their account has news, in the transaction that stores it. The account's row is locked by then:
-- locks are taken in the order account, webhook. Whoever delivers locks one webhook and nothing else.
CREATE FUNCTION wake_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE webhooks
  SET newest_position = news.position,
      due_at = CASE WHEN disabled_at IS NULL THEN coalesce(due_at, clock_timestamp()) END
  FROM (SELECT account_id, max(position) AS position FROM raised GROUP BY account_id) AS news
  WHERE webhooks.account_id = news.account_id;
  RETURN NULL;
END $$;
--> statement-breakpoint

CREATE TRIGGER wake_webhooks AFTER INSERT ON alerts
REFERENCING NEW TABLE AS raised FOR EACH STATEMENT EXECUTE FUNCTION wake_webhooks();
--> statement-breakpoint

-- Removes alerts that are older than p_days, about p_batch of them, and raises their accounts' floors with it. Returns
-- how many were removed. It waits for no lock: an account whose row is locked is left for later, and when another
-- transaction holds one of the alerts or dead letters, nothing is removed now. So any number of servers may call it at once.
-- An account's alerts are as good as ordered by time, so everything up to the last old one goes.
CREATE FUNCTION prune_alerts(p_days integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_before timestamptz := clock_timestamp() - make_interval(days => p_days);
  v_removed integer;
BEGIN
  WITH old AS (
    SELECT account_id, position
    FROM alerts
    WHERE occurred_at < v_before
    ORDER BY occurred_at
    LIMIT p_batch
  ), ended AS (
    SELECT account_id, max(position) AS position FROM old GROUP BY account_id
  ), locked AS MATERIALIZED (
    SELECT accounts.id, ended.position
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
    UPDATE accounts SET alert_floor = greatest(alert_floor, locked.position)
    FROM locked WHERE accounts.id = locked.id
  )
  SELECT count(*) INTO v_removed FROM removed;
  RETURN v_removed;
EXCEPTION WHEN lock_not_available THEN
  RETURN 0;
END $$;

-- What is removed leaves its position and its time at the floor of its list, so that a cursor there can be told from one of
-- another history.

-- Removes alerts that are older than p_days, about p_batch of them, and raises their accounts' floors with it. Returns
-- how many were removed. It waits for no lock: an account whose row is locked is left for later, and when another
-- transaction holds one of the alerts or dead letters, nothing is removed now. So any number of servers may call it at once.
-- An account's alerts are as good as ordered by time, so everything up to the last old one goes.
CREATE OR REPLACE FUNCTION prune_alerts(p_days integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_before timestamptz := clock_timestamp() - make_interval(days => p_days);
  v_removed integer;
BEGIN
  WITH old AS (
    SELECT account_id, position, occurred_at
    FROM alerts
    WHERE occurred_at < v_before
    ORDER BY occurred_at
    LIMIT p_batch
  ), ended AS (
    SELECT DISTINCT ON (account_id) account_id, position, occurred_at FROM old ORDER BY account_id, position DESC
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
    UPDATE accounts SET alert_floor = locked.position, alert_floor_at = locked.occurred_at
    FROM locked WHERE accounts.id = locked.id AND accounts.alert_floor < locked.position
  )
  SELECT count(*) INTO v_removed FROM removed;
  RETURN v_removed;
EXCEPTION WHEN lock_not_available THEN
  RETURN 0;
END $$;
--> statement-breakpoint

-- Removes changes that are older than p_days, about p_batch of them, and raises the floors of their application servers
-- with it. Returns how many were removed. Any number of servers may call it at once: a row that is locked is left for
-- later.
CREATE OR REPLACE FUNCTION prune_key_changes(p_days integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_removed integer;
BEGIN
  WITH old AS (
    SELECT application_server_id, position, occurred_at
    FROM key_changes
    WHERE occurred_at < clock_timestamp() - make_interval(days => p_days)
    ORDER BY occurred_at
    LIMIT p_batch
  ), ended AS (
    SELECT DISTINCT ON (application_server_id) application_server_id, position, occurred_at
    FROM old ORDER BY application_server_id, position DESC
  ), locked AS MATERIALIZED (
    SELECT s.id, ended.position, ended.occurred_at
    FROM application_servers s JOIN ended ON ended.application_server_id = s.id
    ORDER BY s.name
    FOR NO KEY UPDATE OF s SKIP LOCKED
  ), removed AS (
    DELETE FROM key_changes USING locked
    WHERE key_changes.application_server_id = locked.id AND key_changes.position <= locked.position
    RETURNING 1
  ), raised AS (
    UPDATE application_servers SET change_floor = locked.position, change_floor_at = locked.occurred_at
    FROM locked WHERE application_servers.id = locked.id AND application_servers.change_floor < locked.position
  )
  SELECT count(*) INTO v_removed FROM removed;
  RETURN v_removed;
END $$;

-- What application servers are told of their clients' keys, and how their own requests are claimed.

-- The active key that an application server's request is signed by.
CREATE FUNCTION is_active_application_server_key(p_application_server_id uuid, p_key_id text)
RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT FROM application_server_keys
    WHERE id = p_key_id AND application_server_id = p_application_server_id
      AND proof IS NOT NULL AND revoked_at IS NULL)
$$;
--> statement-breakpoint

-- Claims a verified request signature of an application server: its key is active, the time is right, the nonce is new.
-- Returns GRANTED, SIGNATURE_INVALID, SIGNATURE_EXPIRED or SIGNATURE_REPLAYED.
CREATE FUNCTION claim_application_server_signature(
  p_application_server_id uuid, p_key_id text, p_nonce text, p_created bigint, p_expires bigint
) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF NOT is_active_application_server_key(p_application_server_id, p_key_id) THEN
    RETURN 'SIGNATURE_INVALID';
  END IF;
  RETURN consume_nonce(p_application_server_id, p_key_id, p_nonce, p_created, p_expires);
END $$;
--> statement-breakpoint

-- Stores a change of each of these keys for its application server, when that one has registered, and wakes who follows.
-- Call it last: it locks the rows of application servers, in the order of their names, until the transaction ends. So
-- locks are taken in the order usage rows, deadlines, accounts, application servers.
-- A symmetric key is left out: no application server was ever shown it.
CREATE FUNCTION record_key_changes(p_account_ids uuid[], p_transaction_key_ids uuid[], p_kind key_change_kind)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_servers uuid[];
BEGIN
  -- Where nobody has registered, this is all that it costs.
  IF NOT EXISTS (SELECT FROM application_servers WHERE proved_at IS NOT NULL) THEN
    RETURN;
  END IF;
  -- A statement of its own, so that the next one sees the newest positions.
  PERFORM 1 FROM application_servers
  WHERE proved_at IS NOT NULL AND name IN (
    SELECT k.application_server
    FROM unnest(p_account_ids, p_transaction_key_ids) AS changed (account_id, id)
    JOIN transaction_keys k ON k.account_id = changed.account_id AND k.id = changed.id
    WHERE k.thumbprint IS NOT NULL)
  ORDER BY name
  FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;

  WITH changed AS (
    SELECT s.id AS application_server_id, k.thumbprint, k.expires_at,
      row_number() OVER (PARTITION BY s.id ORDER BY listed.place) AS place
    FROM unnest(p_account_ids, p_transaction_key_ids) WITH ORDINALITY AS listed (account_id, id, place)
    JOIN transaction_keys k ON k.account_id = listed.account_id AND k.id = listed.id
    JOIN application_servers s ON s.name = k.application_server
    WHERE k.thumbprint IS NOT NULL AND s.proved_at IS NOT NULL
  ), counted AS (
    SELECT application_server_id, count(*) AS changes FROM changed GROUP BY application_server_id
  ), bumped AS (
    UPDATE application_servers SET change_position = change_position + counted.changes
    FROM counted WHERE application_servers.id = counted.application_server_id
    RETURNING application_servers.id, application_servers.change_position - counted.changes AS base
  ), stored AS (
    INSERT INTO key_changes (application_server_id, position, kind, occurred_at, thumbprint, expires_at)
    SELECT changed.application_server_id, bumped.base + changed.place, p_kind, clock_timestamp(),
      changed.thumbprint, changed.expires_at
    FROM changed JOIN bumped ON bumped.id = changed.application_server_id
    RETURNING application_server_id
  )
  SELECT array_agg(DISTINCT application_server_id) INTO v_servers FROM stored;
  -- The channel of all streams: subscribers of an account and of an application server wait for different ids.
  PERFORM pg_notify('claviger_alerts', woken.id::text) FROM unnest(v_servers) AS woken (id);
END $$;
--> statement-breakpoint

-- Removes changes that are older than p_days, about p_batch of them, and raises the floors of their application servers
-- with it. Returns how many were removed. Any number of servers may call it at once: a row that is locked is left for
-- later.
CREATE FUNCTION prune_key_changes(p_days integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_removed integer;
BEGIN
  WITH old AS (
    SELECT application_server_id, position
    FROM key_changes
    WHERE occurred_at < clock_timestamp() - make_interval(days => p_days)
    ORDER BY occurred_at
    LIMIT p_batch
  ), ended AS (
    SELECT application_server_id, max(position) AS position FROM old GROUP BY application_server_id
  ), locked AS MATERIALIZED (
    SELECT s.id, ended.position
    FROM application_servers s JOIN ended ON ended.application_server_id = s.id
    ORDER BY s.name
    FOR NO KEY UPDATE OF s SKIP LOCKED
  ), removed AS (
    DELETE FROM key_changes USING locked
    WHERE key_changes.application_server_id = locked.id AND key_changes.position <= locked.position
    RETURNING 1
  ), raised AS (
    UPDATE application_servers SET change_floor = greatest(change_floor, locked.position)
    FROM locked WHERE application_servers.id = locked.id
  )
  SELECT count(*) INTO v_removed FROM removed;
  RETURN v_removed;
END $$;
--> statement-breakpoint

-- Stores the alerts of at most p_batch deadlines that are due, and tells application servers which keys have expired.
-- Any number of servers may call it at once: each takes what no other has taken. Returns how many deadlines were taken.
-- A notice that is due after its term's end is dropped.
CREATE OR REPLACE FUNCTION sweep_deadlines(p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_taken integer;
  v_accounts uuid[];
  v_expired_accounts uuid[];
  v_expired_keys uuid[];
BEGIN
  WITH due AS (
    SELECT account_id, transaction_key_id, notice_seconds
    FROM deadlines
    WHERE due_at <= v_now
    ORDER BY due_at
    LIMIT p_batch
    FOR UPDATE SKIP LOCKED
  ), taken AS (
    DELETE FROM deadlines d USING due
    WHERE d.account_id = due.account_id AND d.transaction_key_id = due.transaction_key_id
      AND d.notice_seconds = due.notice_seconds
    RETURNING d.*
  ), standing AS (
    SELECT taken.*, row_number() OVER (PARTITION BY account_id ORDER BY due_at, notice_seconds DESC) AS place
    FROM taken
    WHERE notice_seconds = 0 OR expires_at > v_now
  ), locked AS MATERIALIZED (
    SELECT id FROM accounts
    WHERE id IN (SELECT account_id FROM standing)
    ORDER BY id
    FOR NO KEY UPDATE
  ), counted AS (
    SELECT account_id, count(*) AS alerts FROM standing GROUP BY account_id
  ), bumped AS (
    UPDATE accounts SET alert_position = alert_position + counted.alerts
    FROM counted JOIN locked ON locked.id = counted.account_id
    WHERE accounts.id = counted.account_id
    RETURNING accounts.id, accounts.alert_position - counted.alerts AS base
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
  PERFORM pg_notify('claviger_alerts', account_id::text) FROM unnest(v_accounts) AS woken (account_id);
  IF v_expired_keys IS NOT NULL THEN
    PERFORM record_key_changes(v_expired_accounts, v_expired_keys, 'EXPIRED');
  END IF;
  RETURN v_taken;
END $$;

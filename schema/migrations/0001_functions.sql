-- The database functions: what must be decided and written in one transaction, in one round trip.
-- Every statement inside sees the newest committed rows, which one large statement with a single snapshot would not.

-- The counters are updated at every acquisition: room on the page keeps these updates off the indexes (HOT).
ALTER TABLE transaction_key_usage SET (fillfactor = 70);
--> statement-breakpoint
ALTER TABLE accounts SET (fillfactor = 70);
--> statement-breakpoint

-- Consumes the nonce of a request signature whose key is known to be good.
-- Returns GRANTED, SIGNATURE_EXPIRED or SIGNATURE_REPLAYED. p_created and p_expires are Unix seconds.
CREATE FUNCTION consume_nonce(
  p_account_id uuid, p_management_key_id text, p_nonce text, p_created bigint, p_expires bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_now double precision := extract(epoch FROM clock_timestamp());
BEGIN
  IF v_now < p_created - 30 OR v_now > p_expires THEN
    RETURN 'SIGNATURE_EXPIRED';
  END IF;
  INSERT INTO nonces (account_id, management_key_id, nonce, expires_at)
  VALUES (p_account_id, p_management_key_id, p_nonce, to_timestamp(p_expires))
  ON CONFLICT DO NOTHING;
  RETURN CASE WHEN FOUND THEN 'GRANTED' ELSE 'SIGNATURE_REPLAYED' END;
END $$;
--> statement-breakpoint

-- Claims a verified request signature: the management key is active, the time is right, the nonce is new.
-- Returns GRANTED, SIGNATURE_INVALID, SIGNATURE_EXPIRED or SIGNATURE_REPLAYED.
CREATE FUNCTION claim_signature(
  p_account_id uuid, p_management_key_id text, p_nonce text, p_created bigint, p_expires bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_last_used_at timestamptz;
  v_outcome text;
BEGIN
  SELECT last_used_at INTO v_last_used_at
  FROM management_keys
  WHERE account_id = p_account_id AND id = p_management_key_id AND revoked_at IS NULL;
  IF NOT FOUND THEN
    RETURN 'SIGNATURE_INVALID';
  END IF;
  v_outcome := consume_nonce(p_account_id, p_management_key_id, p_nonce, p_created, p_expires);
  IF v_outcome = 'GRANTED' AND (v_last_used_at IS NULL OR v_last_used_at < clock_timestamp() - interval '1 minute') THEN
    UPDATE management_keys SET last_used_at = clock_timestamp()
    WHERE account_id = p_account_id AND id = p_management_key_id;
  END IF;
  RETURN v_outcome;
END $$;
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

-- Stores the over-use alert of a key whose row the caller has locked, when its excess is due for one, and sets the next.
CREATE FUNCTION raise_overuse_alert(
  p_usage transaction_key_usage, p_excess bigint, p_refused boolean, p_management_key_id text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_next bigint := p_usage.next_alert_excess;
BEGIN
  IF p_excess < v_next THEN
    RETURN;
  END IF;
  WHILE v_next <= p_excess LOOP
    v_next := v_next * 2;
  END LOOP;
  UPDATE transaction_key_usage SET next_alert_excess = v_next
  WHERE account_id = p_usage.account_id AND transaction_key_id = p_usage.transaction_key_id;
  PERFORM raise_alert(
    p_usage.account_id, 'KEY_OVERUSED', p_usage.transaction_key_id, p_management_key_id,
    jsonb_build_object('maxUses', p_usage.max_uses, 'excess', p_excess, 'refused', p_refused));
END $$;
--> statement-breakpoint

-- Acquires copies of transaction keys, all or none: claims the request's signature, counts, alerts, and releases the
-- copies that are wrapped for the management key that asked. It is the only reader of wrapped_keys.jwe.
-- p_nonce is null when this request's signature was claimed before. p_transaction_key_ids has no duplicates.
-- Returns a row for each key in the order asked with outcome GRANTED, or one row with the outcome of the refusal:
-- those of claim_signature, NOT_FOUND, KEY_REVOKED, KEY_NOT_YET_VALID or KEY_OVERUSED.
-- Locks are taken in the order acquisitions, usage rows by id, account.
CREATE FUNCTION acquire_wrapped_keys(
  p_account_id uuid, p_management_key_id text, p_nonce text, p_created bigint, p_expires bigint,
  p_transaction_key_ids uuid[], p_acquisition_id uuid, p_acquisition_hours integer
) RETURNS TABLE (outcome text, key_id uuid, copy text) LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_counted uuid[] := p_transaction_key_ids;
  v_outcome text;
  v_usage transaction_key_usage;
BEGIN
  IF p_nonce IS NOT NULL THEN
    v_outcome := claim_signature(p_account_id, p_management_key_id, p_nonce, p_created, p_expires);
    IF v_outcome <> 'GRANTED' THEN
      RETURN QUERY SELECT v_outcome, NULL::uuid, NULL::text;
      RETURN;
    END IF;
  END IF;

  -- What this acquisition id has not counted yet. A concurrent repetition waits here until the first one has ended.
  IF p_acquisition_id IS NOT NULL THEN
    WITH remembered AS (
      INSERT INTO acquisitions AS a (account_id, management_key_id, transaction_key_id, acquisition_id, acquired_at)
      SELECT p_account_id, p_management_key_id, asked.id, p_acquisition_id, v_now
      FROM unnest(p_transaction_key_ids) AS asked (id)
      ORDER BY asked.id
      ON CONFLICT (account_id, management_key_id, transaction_key_id, acquisition_id)
      DO UPDATE SET acquired_at = excluded.acquired_at
      WHERE a.acquired_at < excluded.acquired_at - make_interval(hours => p_acquisition_hours)
      RETURNING a.transaction_key_id
    )
    SELECT coalesce(array_agg(transaction_key_id), '{}') INTO v_counted FROM remembered;
  END IF;

  PERFORM 1 FROM transaction_key_usage
  WHERE account_id = p_account_id AND transaction_key_id = ANY (p_transaction_key_ids)
  ORDER BY transaction_key_id
  FOR NO KEY UPDATE;

  SELECT decided.refusal INTO v_outcome
  FROM unnest(p_transaction_key_ids) WITH ORDINALITY AS asked (id, place)
  LEFT JOIN transaction_keys k ON k.account_id = p_account_id AND k.id = asked.id
  LEFT JOIN transaction_key_usage u ON u.account_id = p_account_id AND u.transaction_key_id = asked.id
  LEFT JOIN wrapped_keys w ON w.account_id = p_account_id AND w.transaction_key_id = asked.id
    AND w.management_key_id = p_management_key_id
  CROSS JOIN LATERAL (SELECT CASE
    WHEN u.account_id IS NULL THEN 'NOT_FOUND'
    WHEN u.revoked_at IS NOT NULL THEN 'KEY_REVOKED'
    WHEN w.account_id IS NULL THEN 'NOT_FOUND'
    WHEN k.not_before > v_now THEN 'KEY_NOT_YET_VALID'
    WHEN u.overuse_policy = 'REFUSE' AND u.use_count >= u.max_uses AND asked.id = ANY (v_counted) THEN 'KEY_OVERUSED'
  END AS refusal) AS decided
  WHERE decided.refusal IS NOT NULL
  ORDER BY asked.place
  LIMIT 1;

  IF FOUND THEN
    IF p_acquisition_id IS NOT NULL THEN
      DELETE FROM acquisitions
      WHERE account_id = p_account_id AND management_key_id = p_management_key_id
        AND transaction_key_id = ANY (v_counted) AND acquisition_id = p_acquisition_id;
    END IF;
    IF v_outcome = 'KEY_OVERUSED' THEN
      FOR v_usage IN
        UPDATE transaction_key_usage
        SET refused_count = least(refused_count::bigint + 1, 2147483647),
            refused_beyond_limit = least(refused_beyond_limit::bigint + 1, 2147483647)
        WHERE account_id = p_account_id AND transaction_key_id = ANY (v_counted)
          AND overuse_policy = 'REFUSE' AND use_count >= max_uses
        RETURNING *
      LOOP
        PERFORM raise_overuse_alert(v_usage, v_usage.refused_beyond_limit, true, p_management_key_id);
      END LOOP;
    END IF;
    RETURN QUERY SELECT v_outcome, NULL::uuid, NULL::text;
    RETURN;
  END IF;

  FOR v_usage IN
    UPDATE transaction_key_usage
    SET use_count = least(use_count::bigint + 1, 2147483647), last_used_at = v_now
    WHERE account_id = p_account_id AND transaction_key_id = ANY (v_counted)
    RETURNING *
  LOOP
    IF v_usage.use_count > v_usage.max_uses THEN
      PERFORM raise_overuse_alert(v_usage, v_usage.use_count - v_usage.max_uses, false, p_management_key_id);
    END IF;
  END LOOP;

  RETURN QUERY
    SELECT 'GRANTED', w.transaction_key_id, w.jwe
    FROM unnest(p_transaction_key_ids) WITH ORDINALITY AS asked (id, place)
    JOIN wrapped_keys w ON w.account_id = p_account_id AND w.transaction_key_id = asked.id
      AND w.management_key_id = p_management_key_id
    ORDER BY asked.place;
END $$;
--> statement-breakpoint

-- Stores the alerts of at most p_batch deadlines that are due. Any number of servers may call it at once: each takes
-- what no other has taken. Returns how many deadlines were taken. A notice that is due after its term's end is dropped.
CREATE FUNCTION sweep_deadlines(p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_taken integer;
  v_accounts uuid[];
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
  SELECT (SELECT count(*) FROM taken), (SELECT array_agg(DISTINCT account_id) FROM stored)
  INTO v_taken, v_accounts;
  PERFORM pg_notify('claviger_alerts', account_id::text) FROM unnest(v_accounts) AS woken (account_id);
  RETURN v_taken;
END $$;

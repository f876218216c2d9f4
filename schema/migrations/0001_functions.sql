SET LOCAL check_function_bodies = off;
--> statement-breakpoint
-- Acquires wrapped keys, all or none: consumes the request's nonce, counts, alerts, and releases the keys that are wrapped for
-- the management key that asked. It is the only reader of wrapped_keys.jwe.
-- p_nonce is null when an earlier field of this request consumed it. p_transaction_key_ids has no duplicates.
-- p_purpose is USE, REWRAP or EXPORT. Only USE is counted and limited, and only for it must the term have begun: owners move
-- and save all of their keys. The other two raise one alert for each call that acquires something new.
-- Returns a row for each key in the order asked with outcome GRANTED, or one row with the outcome of the refusal: those of
-- consume_management_key_nonce, NOT_FOUND, KEY_REVOKED, KEY_NOT_YET_VALID or KEY_OVERUSED.
CREATE OR REPLACE FUNCTION acquire_wrapped_keys(
  p_account_id uuid, p_management_key_id text, p_nonce text, p_created bigint, p_expires bigint,
  p_transaction_key_ids uuid[], p_purpose text, p_acquisition_id uuid, p_acquisition_hours integer
) RETURNS TABLE (outcome text, key_id uuid, wrapped_key text) LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  -- An id that is forgotten counts anew, so the hours must have passed for certain.
  v_forgotten timestamptz := settled_clock() - make_interval(hours => p_acquisition_hours);
  v_is_use boolean := p_purpose = 'USE';
  -- An id is remembered for its purpose: what was acquired for another one is not yet counted, or not yet alerted. The
  -- client chooses the id, so the purpose stands where it has no say; no management key's id has a space.
  v_idempotency_scope text :=
    CASE WHEN p_purpose = 'USE' THEN p_management_key_id ELSE p_purpose || ' ' || p_management_key_id END;
  v_new uuid[] := p_transaction_key_ids;
  v_outcome text;
  v_usage transaction_key_usage;
BEGIN
  -- A revocation of a management key erases the keys that are wrapped for it under this lock. Without the lock they could go
  -- between the decision and the answer: counted or alerted, and not handed out.
  PERFORM pg_advisory_xact_lock_shared(management_keys_lock(id)) FROM accounts WHERE id = p_account_id;

  IF p_nonce IS NOT NULL THEN
    v_outcome := consume_management_key_nonce(p_account_id, p_management_key_id, p_nonce, p_created, p_expires);
  ELSIF is_active_management_key(p_account_id, p_management_key_id) THEN
    v_outcome := 'GRANTED';
  ELSE
    v_outcome := 'SIGNATURE_INVALID';
  END IF;
  IF v_outcome <> 'GRANTED' THEN
    RETURN QUERY SELECT v_outcome, NULL::uuid, NULL::text;
    RETURN;
  END IF;

  -- Keys that this acquisition id has not acquired yet. A concurrent repetition waits here until the first one has ended.
  IF p_acquisition_id IS NOT NULL THEN
    WITH remembered AS (
      INSERT INTO acquisitions AS a (account_id, idempotency_scope, transaction_key_id, acquisition_id, acquired_at)
      SELECT p_account_id, v_idempotency_scope, asked.id, p_acquisition_id, v_now
      FROM unnest(p_transaction_key_ids) AS asked (id)
      ORDER BY asked.id
      ON CONFLICT (account_id, idempotency_scope, transaction_key_id, acquisition_id)
      DO UPDATE SET acquired_at = excluded.acquired_at
      WHERE a.acquired_at < v_forgotten
      RETURNING a.transaction_key_id
    )
    SELECT coalesce(array_agg(transaction_key_id), '{}') INTO v_new FROM remembered;
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
  -- OFFSET 0 has the planner write the rule once, and not at each use: 30 µs.
  CROSS JOIN LATERAL (SELECT transaction_key_state(u.revoked_at, k.not_before, k.expires_at, v_now) AS state OFFSET 0) AS judged
  CROSS JOIN LATERAL (SELECT CASE
    WHEN u.account_id IS NULL THEN 'NOT_FOUND'
    WHEN judged.state = 'REVOKED' THEN 'KEY_REVOKED'
    WHEN w.account_id IS NULL THEN 'NOT_FOUND'
    WHEN NOT v_is_use THEN NULL
    WHEN judged.state = 'PENDING' THEN 'KEY_NOT_YET_VALID'
    WHEN u.overuse_policy = 'REFUSE' AND u.use_count >= u.max_uses AND asked.id = ANY (v_new) THEN 'KEY_OVERUSED'
  END AS refusal) AS decided
  WHERE decided.refusal IS NOT NULL
  ORDER BY asked.place
  LIMIT 1;

  IF FOUND THEN
    IF p_acquisition_id IS NOT NULL THEN
      DELETE FROM acquisitions
      WHERE account_id = p_account_id AND idempotency_scope = v_idempotency_scope
        AND transaction_key_id = ANY (v_new) AND acquisition_id = p_acquisition_id;
    END IF;
    IF v_outcome = 'KEY_OVERUSED' THEN
      FOR v_usage IN
        UPDATE transaction_key_usage
        SET refused_count = least(refused_count::bigint + 1, 2147483647),
            refused_beyond_limit = least(refused_beyond_limit::bigint + 1, 2147483647)
        WHERE account_id = p_account_id AND transaction_key_id = ANY (v_new)
          AND overuse_policy = 'REFUSE' AND use_count >= max_uses
        RETURNING *
      LOOP
        PERFORM raise_overuse_alert(v_usage, v_usage.refused_beyond_limit, true, p_management_key_id);
      END LOOP;
    END IF;
    RETURN QUERY SELECT v_outcome, NULL::uuid, NULL::text;
    RETURN;
  END IF;

  IF v_is_use THEN
    FOR v_usage IN
      UPDATE transaction_key_usage
      SET use_count = least(use_count::bigint + 1, 2147483647), last_used_at = v_now
      WHERE account_id = p_account_id AND transaction_key_id = ANY (v_new)
      RETURNING *
    LOOP
      IF v_usage.use_count > v_usage.max_uses THEN
        PERFORM raise_overuse_alert(v_usage, v_usage.use_count - v_usage.max_uses, false, p_management_key_id);
      END IF;
    END LOOP;
  ELSIF cardinality(v_new) > 0 THEN
    PERFORM raise_alert(
      p_account_id, (CASE p_purpose WHEN 'REWRAP' THEN 'KEYS_REWRAPPED' ELSE 'KEYS_EXPORTED' END)::alert_kind,
      NULL, p_management_key_id, jsonb_build_object('keyCount', cardinality(v_new)));
  END IF;

  RETURN QUERY
    SELECT 'GRANTED', w.transaction_key_id, w.jwe
    FROM unnest(p_transaction_key_ids) WITH ORDINALITY AS asked (id, place)
    JOIN wrapped_keys w ON w.account_id = p_account_id AND w.transaction_key_id = asked.id
      AND w.management_key_id = p_management_key_id
    ORDER BY asked.place;
END $$;
--> statement-breakpoint
-- Tells webhooks and subscribers that these accounts have new alerts, in the transaction that stores them. It is a statement
-- of its own that follows the lock of the accounts' rows, so it sees every webhook that was set before.
CREATE OR REPLACE FUNCTION announce_alerts(p_account_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  UPDATE webhooks
  SET newest_position = accounts.alert_position,
      due_at = CASE WHEN webhooks.disabled_at IS NULL THEN coalesce(webhooks.due_at, v_now) END
  FROM accounts
  WHERE accounts.id = webhooks.account_id AND webhooks.account_id = ANY (p_account_ids);
  PERFORM pg_notify('claviger_alerts', account_id::text) FROM unnest(p_account_ids) AS woken (account_id);
END $$;
--> statement-breakpoint
-- Consumes the nonce of a verified request signature by an application server's key, when the key is proved and active.
-- Returns SIGNATURE_INVALID when it is not, or what consume_nonce returns.
CREATE OR REPLACE FUNCTION consume_application_server_nonce(
  p_application_server_id uuid, p_key_id text, p_nonce text, p_created bigint, p_expires bigint
) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF NOT is_active_application_server_key(p_application_server_id, p_key_id) THEN
    RETURN 'SIGNATURE_INVALID';
  END IF;
  RETURN consume_nonce(p_application_server_id, p_key_id, p_nonce, p_created, p_expires);
END $$;
--> statement-breakpoint
-- Consumes the nonce of a verified request signature by a management key, when the key is active.
-- Returns SIGNATURE_INVALID when it is not, or what consume_nonce returns.
CREATE OR REPLACE FUNCTION consume_management_key_nonce(
  p_account_id uuid, p_management_key_id text, p_nonce text, p_created bigint, p_expires bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
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
  -- Once a minute. Also when the last use lies ahead: the clock was wrong then.
  IF v_outcome = 'GRANTED' AND (v_last_used_at BETWEEN v_now - interval '1 minute' AND v_now + interval '1 minute') IS NOT TRUE THEN
    UPDATE management_keys SET last_used_at = v_now
    WHERE account_id = p_account_id AND id = p_management_key_id;
  END IF;
  RETURN v_outcome;
END $$;
--> statement-breakpoint
-- Consumes the nonce of a request signature whose key is known to be good.
-- Returns GRANTED, SIGNATURE_EXPIRED, SIGNATURE_REPLAYED, or NONCES_FORGOTTEN when the clock was set back so far that the
-- signature cannot be told from a replay. p_created and p_expires are Unix seconds.
CREATE OR REPLACE FUNCTION consume_nonce(
  p_principal_id uuid, p_key_id text, p_nonce text, p_created bigint, p_expires bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_now double precision := extract(epoch FROM clock_timestamp());
  v_expires_at timestamptz := to_timestamp(p_expires);
BEGIN
  IF v_now < p_created - 30 OR v_now > p_expires THEN
    RETURN 'SIGNATURE_EXPIRED';
  END IF;
  INSERT INTO nonces (principal_id, key_id, nonce, expires_at)
  VALUES (p_principal_id, p_key_id, p_nonce, v_expires_at)
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN 'SIGNATURE_REPLAYED';
  END IF;
  -- After the insertion, which waits for whoever is removing this nonce, and in a statement that sees what they committed.
  IF EXISTS (SELECT FROM forgotten_nonces WHERE expires_at >= v_expires_at) THEN
    RETURN 'NONCES_FORGOTTEN';
  END IF;
  RETURN 'GRANTED';
END $$;
--> statement-breakpoint
-- Whether an application server's key is proved and not revoked.
CREATE OR REPLACE FUNCTION is_active_application_server_key(p_application_server_id uuid, p_key_id text)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM application_server_keys
    WHERE id = p_key_id AND application_server_id = p_application_server_id
      AND proof IS NOT NULL AND revoked_at IS NULL);
END $$;
--> statement-breakpoint
-- Whether a management key is active, for a request whose nonce was consumed before: a request outlives the moment in which
-- it was checked, and its key may be revoked meanwhile, even by the request itself.
CREATE OR REPLACE FUNCTION is_active_management_key(p_account_id uuid, p_management_key_id text)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM management_keys
    WHERE account_id = p_account_id AND id = p_management_key_id AND revoked_at IS NULL);
END $$;
--> statement-breakpoint
-- The number of the advisory lock on an account's set of management keys. Both sides take it where the account's row is:
-- SELECT pg_advisory_xact_lock(management_keys_lock(id)) FROM accounts WHERE id = ...
CREATE OR REPLACE FUNCTION management_keys_lock(p_account_id uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT hashtextextended('claviger management keys ' || p_account_id::text, 0)
$$;
--> statement-breakpoint
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
--> statement-breakpoint
-- Removes changes that are older than p_days, about p_batch of them, and raises the low-water marks of their
-- application servers with it. Returns how many were removed. Any number of servers may call it at once: a row that is locked is left for
-- later. An application server's changes go in their order, as an account's alerts do.
CREATE OR REPLACE FUNCTION prune_key_changes(p_days integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_before timestamptz := settled_clock() - make_interval(days => p_days);
  v_removed integer;
BEGIN
  WITH old AS (
    SELECT application_server_id, position, occurred_at
    FROM key_changes
    WHERE occurred_at < v_before AND (
      SELECT first.occurred_at NOT BETWEEN v_before AND v_now
      FROM key_changes AS first
      WHERE first.application_server_id = key_changes.application_server_id
        AND first.position > (SELECT change_low_water_mark FROM application_servers WHERE id = key_changes.application_server_id)
      ORDER BY first.position
      LIMIT 1)
    ORDER BY occurred_at
    LIMIT p_batch
  ), kept AS (
    SELECT changes.application_server_id, min(changes.position) AS position
    FROM key_changes AS changes
    JOIN (SELECT application_server_id, max(position) AS position FROM old GROUP BY application_server_id) AS last
      ON changes.application_server_id = last.application_server_id AND changes.position < last.position
    WHERE changes.occurred_at BETWEEN v_before AND v_now
    GROUP BY changes.application_server_id
  ), ended AS (
    SELECT DISTINCT ON (application_server_id) application_server_id, old.position, occurred_at
    FROM old LEFT JOIN kept USING (application_server_id)
    WHERE kept.position IS NULL OR old.position < kept.position
    ORDER BY application_server_id, old.position DESC
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
    UPDATE application_servers SET change_low_water_mark = locked.position, change_low_water_mark_at = locked.occurred_at
    FROM locked WHERE application_servers.id = locked.id AND application_servers.change_low_water_mark < locked.position
  )
  SELECT count(*) INTO v_removed FROM removed;
  RETURN v_removed;
END $$;
--> statement-breakpoint
-- Removes at most p_batch nonces whose signatures' windows have closed, and from then on refuses whatever ends as early as
-- one of them. Returns how many were removed.
CREATE OR REPLACE FUNCTION prune_nonces(p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_settled timestamptz := settled_clock();
  v_removed integer;
BEGIN
  WITH removed AS (
    DELETE FROM nonces WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM nonces
      WHERE expires_at < v_settled
      LIMIT p_batch))
    RETURNING expires_at
  ), forgotten AS (
    INSERT INTO forgotten_nonces AS f (expires_at) SELECT max(expires_at) FROM removed HAVING count(*) > 0
    ON CONFLICT (id) DO UPDATE SET expires_at = greatest(f.expires_at, excluded.expires_at)
  )
  SELECT count(*) INTO v_removed FROM removed;
  RETURN v_removed;
END $$;
--> statement-breakpoint
-- Stores one alert and announces it. Call it late in a transaction: it locks the account's row until the end. p_details has
-- the members of the kind (AlertDetailsByKind in schema/tables/alerts.ts).
CREATE OR REPLACE FUNCTION raise_alert(
  p_account_id uuid, p_kind alert_kind, p_transaction_key_id uuid, p_management_key_id text, p_details jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_position bigint;
  v_now timestamptz;
BEGIN
  UPDATE accounts SET alert_position = alert_position + 1
  WHERE id = p_account_id
  RETURNING alert_position INTO v_position;
  -- Under the lock, so that times are in the order of positions.
  v_now := clock_timestamp();
  INSERT INTO alerts (account_id, position, kind, occurred_at, transaction_key_id, management_key_id, details)
  VALUES (p_account_id, v_position, p_kind, v_now, p_transaction_key_id, p_management_key_id, p_details);
  PERFORM announce_alerts(ARRAY[p_account_id]);
END $$;
--> statement-breakpoint
-- Stores the over-use alert of a key whose row the caller has locked, when its excess is due for one, and sets the next.
CREATE OR REPLACE FUNCTION raise_overuse_alert(
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
-- Stores a change of each of these keys for its application server, when that one has registered, and wakes its streams.
-- Call it last: it locks the rows of application servers until the transaction ends (README.md).
-- A symmetric key is left out: no application server was ever shown it.
CREATE OR REPLACE FUNCTION record_key_changes(p_account_ids uuid[], p_transaction_key_ids uuid[], p_kind key_change_kind)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz;
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

  -- Under the locks, so that times are in the order of positions.
  v_now := clock_timestamp();
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
    SELECT changed.application_server_id, bumped.base + changed.place, p_kind, v_now,
      changed.thumbprint, changed.expires_at
    FROM changed JOIN bumped ON bumped.id = changed.application_server_id
    RETURNING application_server_id
  )
  SELECT array_agg(DISTINCT application_server_id) INTO v_servers FROM stored;
  -- The channel of all streams: subscribers of an account and of an application server wait for different ids.
  PERFORM pg_notify('claviger_alerts', woken.id::text) FROM unnest(v_servers) AS woken (id);
END $$;
--> statement-breakpoint
-- The time that the clock has shown, or a later one, at every sighting of a stretch of at least settling_ms, and shows
-- now; -infinity until so much was measured.
-- Whatever happens once and cannot be undone waits for it, so a clock that was set ahead and then right again removes nothing
-- (docs/adr/0015-settled-clock.md). A decision that is made anew at each reading follows clock_timestamp().
CREATE OR REPLACE FUNCTION settled_clock() RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT least(clock_timestamp(), coalesce((
    SELECT min(clock) FROM clock_sightings
    WHERE elapsed_ms >= (
      SELECT max(elapsed_ms) FROM clock_sightings
      WHERE elapsed_ms <= (SELECT max(elapsed_ms) FROM clock_sightings) - settling_ms())), '-infinity'))
$$;
--> statement-breakpoint
-- How long the clock must have shown a time, in milliseconds on clocks that are never set.
CREATE OR REPLACE FUNCTION settling_ms() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 300000::bigint';
--> statement-breakpoint
-- Notes what the clock shows. p_seen_ms is what this function answered the caller last, and p_passed_ms how many
-- milliseconds the caller has measured since; both are null the first time. Returns the count as it is now.
-- A caller adds to the newest count only when it has seen it and measured from there on. So between two rows at least as
-- much time has passed as they differ by, whoever wrote them, and the count goes on when servers come and go.
CREATE OR REPLACE FUNCTION sight_clock(p_seen_ms bigint, p_passed_ms bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz;
  v_elapsed_ms bigint;
BEGIN
  -- Two that have seen the same count would each add to it.
  LOCK TABLE clock_sightings IN SHARE ROW EXCLUSIVE MODE;
  v_now := clock_timestamp();
  SELECT max(elapsed_ms) INTO v_elapsed_ms FROM clock_sightings;
  v_elapsed_ms := coalesce(v_elapsed_ms, 0) + CASE WHEN v_elapsed_ms = p_seen_ms THEN greatest(p_passed_ms, 0) ELSE 0 END;
  INSERT INTO clock_sightings AS s (elapsed_ms, clock) VALUES (v_elapsed_ms, v_now)
  ON CONFLICT (elapsed_ms) DO UPDATE SET clock = least(s.clock, excluded.clock);
  DELETE FROM clock_sightings
  WHERE elapsed_ms < (SELECT max(elapsed_ms) FROM clock_sightings WHERE elapsed_ms <= v_elapsed_ms - settling_ms());
  RETURN v_elapsed_ms;
END $$;
--> statement-breakpoint
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
--> statement-breakpoint
-- The state of a transaction key at p_now: REVOKED, EXPIRED, PENDING or ACTIVE (docs/glossary.md). It is the only home of this
-- rule. Planned away: give it no volatile p_now, or PostgreSQL calls it for each row instead (README.md).
CREATE OR REPLACE FUNCTION transaction_key_state(
  p_revoked_at timestamptz, p_not_before timestamptz, p_expires_at timestamptz, p_now timestamptz
) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN p_revoked_at IS NOT NULL THEN 'REVOKED'
    WHEN p_expires_at <= p_now THEN 'EXPIRED'
    WHEN p_not_before > p_now THEN 'PENDING'
    ELSE 'ACTIVE'
  END
$$;

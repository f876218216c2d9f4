SET LOCAL check_function_bodies = off;
--> statement-breakpoint
-- Acquires a wrapped key for each of several requests that name one key each to use it: a group commit. Each is decided as
-- acquire_wrapped_keys would decide it, in the order given, and by itself: its nonce, its count, its entry of the audit log.
-- The arrays have an element for each request; an acquisition id or an address may be null.
-- Returns a row for each request: its place from 1 on, and an outcome of acquire_wrapped_keys, with GRANTED the JWE; or BUSY
-- when another transaction has a lock that it needs, or ALONE when it is decided by acquire_wrapped_keys: its use is due for an
-- alert, or its acquisition id comes twice. Both leave no trace.
-- One request never waits for another's account: the locks of accounts and keys are tried, unless p_waits. A group that waits
-- is of one transaction key. Rows are taken in one order (README.md), so that no two groups wait for each other.
CREATE OR REPLACE FUNCTION acquire_wrapped_key_group(
  p_account_ids uuid[], p_management_key_ids text[], p_nonces text[], p_created bigint[], p_expires bigint[],
  p_transaction_key_ids uuid[], p_acquisition_ids uuid[], p_addresses text[], p_acquisition_hours integer, p_waits boolean
) RETURNS TABLE (place integer, outcome text, wrapped_key text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
  v_seconds double precision := extract(epoch FROM v_now);
  -- An id that is forgotten counts anew, so the hours must have passed for certain.
  v_forgotten timestamptz;
  v_locked uuid[];
  v_signed integer[];
  v_refused integer[];
  v_refusals text[];
  v_stale integer[];
  v_new integer[];
  v_alone integer[] := '{}';
  v_held integer[];
BEGIN
  -- As in acquire_wrapped_keys: no revocation comes between the decision and the answer.
  IF p_waits THEN
    PERFORM pg_advisory_xact_lock_shared(management_keys_lock(id)) FROM accounts WHERE id = ANY (p_account_ids);
    v_locked := p_account_ids;
  ELSE
    SELECT coalesce(array_agg(tried.id), '{}') INTO v_locked
    FROM (
      SELECT id, pg_try_advisory_xact_lock_shared(management_keys_lock(id)) AS is_locked
      FROM accounts WHERE id = ANY (p_account_ids) OFFSET 0
    ) AS tried
    WHERE tried.is_locked;
  END IF;

  -- The nonces, in a statement that sees what a revocation has committed before the lock.
  WITH asked AS MATERIALIZED (
    SELECT a.*, m.account_id IS NOT NULL AS is_active, m.last_used_at,
      v_seconds BETWEEN a.created - 30 AND a.expires AS is_in_time,
      row_number() OVER (
        PARTITION BY a.account_id, a.management_key_id, a.nonce,
          m.account_id IS NOT NULL AND v_seconds BETWEEN a.created - 30 AND a.expires
        ORDER BY a.place) AS copy
    FROM unnest(p_account_ids, p_management_key_ids, p_nonces, p_created, p_expires)
      WITH ORDINALITY AS a (account_id, management_key_id, nonce, created, expires, place)
    LEFT JOIN management_keys m ON m.account_id = a.account_id AND m.id = a.management_key_id AND m.revoked_at IS NULL
      AND m.suspended_at IS NULL
    WHERE a.account_id = ANY (v_locked)
  ), consumed AS (
    INSERT INTO nonces (principal_id, key_id, nonce, expires_at)
    SELECT account_id, management_key_id, nonce, to_timestamp(expires)
    FROM asked
    WHERE is_active AND is_in_time AND copy = 1
    ORDER BY account_id, management_key_id, nonce
    ON CONFLICT DO NOTHING
    RETURNING principal_id, key_id, nonce
  ), judged AS (
    SELECT asked.*, CASE
      WHEN NOT is_active THEN 'SIGNATURE_INVALID'
      WHEN NOT is_in_time THEN 'SIGNATURE_EXPIRED'
      WHEN consumed.nonce IS NULL OR copy > 1 THEN 'SIGNATURE_REPLAYED'
    END AS refusal
    FROM asked
    LEFT JOIN consumed ON consumed.principal_id = asked.account_id AND consumed.key_id = asked.management_key_id
      AND consumed.nonce = asked.nonce
  )
  SELECT array_agg(judged.place) FILTER (WHERE refusal IS NULL),
    array_agg(judged.place ORDER BY judged.place) FILTER (WHERE refusal IS NOT NULL),
    array_agg(judged.refusal ORDER BY judged.place) FILTER (WHERE refusal IS NOT NULL),
    array_agg(judged.place) FILTER (
      WHERE refusal IS NULL
        AND (last_used_at BETWEEN v_now - interval '1 minute' AND v_now + interval '1 minute') IS NOT TRUE)
  INTO v_signed, v_refused, v_refusals, v_stale
  FROM judged;

  RETURN QUERY
    SELECT refused.place, refused.refusal, NULL::text
    FROM unnest(v_refused, v_refusals) AS refused (place, refusal);
  RETURN QUERY
    SELECT a.place::integer, 'BUSY', NULL::text
    FROM unnest(p_account_ids) WITH ORDINALITY AS a (account_id, place)
    WHERE NOT a.account_id = ANY (v_locked);
  IF v_signed IS NULL THEN
    RETURN;
  END IF;
  -- As in consume_nonce. It is as rare as a clock that was set back, so that all are decided alone then.
  IF EXISTS (
    SELECT FROM forgotten_nonces
    WHERE expires_at >= (SELECT to_timestamp(min(e)) FROM unnest(p_expires) AS e)
  ) THEN
    RAISE EXCEPTION 'The nonces of this group may be forgotten.' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF v_stale IS NOT NULL THEN
    UPDATE management_keys AS m SET last_used_at = v_now
    FROM (
      SELECT k.account_id, k.id
      FROM management_keys k
      JOIN unnest(p_account_ids, p_management_key_ids) WITH ORDINALITY AS a (account_id, id, place)
        ON a.account_id = k.account_id AND a.id = k.id AND a.place = ANY (v_stale)
      ORDER BY k.account_id, k.id
      FOR NO KEY UPDATE OF k SKIP LOCKED
    ) AS stale
    WHERE m.account_id = stale.account_id AND m.id = stale.id;
  END IF;

  -- Requests that are no repetition.
  IF array_remove(p_acquisition_ids, NULL) = '{}' THEN
    v_new := v_signed;
  ELSE
    v_forgotten := settled_clock() - make_interval(hours => p_acquisition_hours);
    WITH asked AS MATERIALIZED (
      SELECT a.*, a.acquisition_id IS NOT NULL AND row_number() OVER (
        PARTITION BY a.account_id, a.management_key_id, a.transaction_key_id, a.acquisition_id ORDER BY a.place) > 1 AS is_copy
      FROM unnest(p_account_ids, p_management_key_ids, p_transaction_key_ids, p_acquisition_ids)
        WITH ORDINALITY AS a (account_id, management_key_id, transaction_key_id, acquisition_id, place)
      WHERE a.place = ANY (v_signed)
    ), remembered AS (
      INSERT INTO acquisitions AS r (account_id, idempotency_scope, transaction_key_id, acquisition_id, acquired_at)
      SELECT account_id, management_key_id, transaction_key_id, acquisition_id, v_now
      FROM asked
      WHERE acquisition_id IS NOT NULL AND NOT is_copy
      ORDER BY account_id, management_key_id, transaction_key_id, acquisition_id
      ON CONFLICT (account_id, idempotency_scope, transaction_key_id, acquisition_id)
      DO UPDATE SET acquired_at = excluded.acquired_at
      WHERE r.acquired_at < v_forgotten
      RETURNING r.account_id, r.idempotency_scope, r.transaction_key_id, r.acquisition_id
    )
    SELECT coalesce(array_agg(asked.place) FILTER (
        WHERE NOT is_copy AND (asked.acquisition_id IS NULL OR r.account_id IS NOT NULL)), '{}'),
      coalesce(array_agg(asked.place) FILTER (WHERE is_copy), '{}')
    INTO v_new, v_alone
    FROM asked
    LEFT JOIN remembered r ON r.account_id = asked.account_id AND r.idempotency_scope = asked.management_key_id
      AND r.transaction_key_id = asked.transaction_key_id AND r.acquisition_id = asked.acquisition_id;
  END IF;

  -- The keys' rows. A statement of its own, so that the next one sees what was committed before the locks.
  IF p_waits THEN
    PERFORM 1 FROM transaction_key_usage
    WHERE account_id = p_account_ids[1] AND transaction_key_id = p_transaction_key_ids[1]
    FOR NO KEY UPDATE;
    v_held := v_signed;
  ELSE
    WITH held AS MATERIALIZED (
      SELECT u.account_id, u.transaction_key_id
      FROM transaction_key_usage u
      JOIN (
        SELECT DISTINCT a.account_id, a.id
        FROM unnest(p_account_ids, p_transaction_key_ids) WITH ORDINALITY AS a (account_id, id, place)
        WHERE a.place = ANY (v_signed)
      ) AS asked ON asked.account_id = u.account_id AND asked.id = u.transaction_key_id
      ORDER BY u.account_id, u.transaction_key_id
      FOR NO KEY UPDATE OF u SKIP LOCKED
    )
    SELECT coalesce(array_agg(a.place), '{}') INTO v_held
    FROM unnest(p_account_ids, p_transaction_key_ids) WITH ORDINALITY AS a (account_id, id, place)
    JOIN held ON held.account_id = a.account_id AND held.transaction_key_id = a.id;
  END IF;

  RETURN QUERY
    WITH asked AS MATERIALIZED (
      SELECT a.*, a.place = ANY (v_new) AS is_new, w.jwe,
        u.use_count, u.max_uses, u.overuse_policy, u.refused_beyond_limit, u.next_alert_excess,
        CASE
          WHEN u.account_id IS NULL THEN 'NOT_FOUND'
          WHEN NOT a.place = ANY (v_held) THEN 'BUSY'
          WHEN a.place = ANY (v_alone) THEN 'ALONE'
          WHEN judged.state = 'REVOKED' THEN 'KEY_REVOKED'
          WHEN w.account_id IS NULL THEN 'NOT_FOUND'
          WHEN judged.state = 'PENDING' THEN 'KEY_NOT_YET_VALID'
        END AS refusal
      FROM unnest(
          p_account_ids, p_management_key_ids, p_nonces, p_transaction_key_ids, p_acquisition_ids, p_addresses
        ) WITH ORDINALITY AS a (account_id, management_key_id, nonce, transaction_key_id, acquisition_id, address, place)
      LEFT JOIN transaction_keys k ON k.account_id = a.account_id AND k.id = a.transaction_key_id
      LEFT JOIN transaction_key_usage u ON u.account_id = a.account_id AND u.transaction_key_id = a.transaction_key_id
      LEFT JOIN wrapped_keys w ON w.account_id = a.account_id AND w.transaction_key_id = a.transaction_key_id
        AND w.management_key_id = a.management_key_id
      CROSS JOIN LATERAL (
        SELECT transaction_key_state(u.revoked_at, k.not_before, k.expires_at, v_now) AS state OFFSET 0) AS judged
      WHERE a.place = ANY (v_signed)
    ), counted AS (
      -- Which of the new uses of its key a request is, and how far beyond the limit: the excess under NOTIFY, and what is
      -- refused beyond it under REFUSE.
      SELECT c.*, CASE
        WHEN c.overuse_policy = 'NOTIFY' THEN c.use_count + c.nth - c.max_uses
        ELSE c.nth - greatest(c.max_uses - c.use_count, 0)
      END AS beyond
      FROM (
        SELECT asked.*, CASE WHEN refusal IS NULL AND is_new THEN
          row_number() OVER (
            PARTITION BY account_id, transaction_key_id, refusal IS NULL AND is_new ORDER BY asked.place)
        END AS nth
        FROM asked
      ) AS c
    ), decided AS MATERIALIZED (
      SELECT counted.*, CASE
        WHEN refusal IS NOT NULL THEN refusal
        WHEN nth IS NULL OR max_uses IS NULL OR beyond <= 0 THEN 'GRANTED'
        WHEN overuse_policy = 'NOTIFY' THEN CASE WHEN beyond >= next_alert_excess THEN 'ALONE' ELSE 'GRANTED' END
        WHEN refused_beyond_limit + beyond >= next_alert_excess THEN 'ALONE'
        ELSE 'KEY_OVERUSED'
      END AS outcome
      FROM counted
    ), used AS (
      UPDATE transaction_key_usage AS u
      SET use_count = least(u.use_count::bigint + each.uses, 2147483647),
          last_used_at = CASE WHEN each.uses > 0 THEN v_now ELSE u.last_used_at END,
          refused_count = least(u.refused_count::bigint + each.refused, 2147483647),
          refused_beyond_limit = least(u.refused_beyond_limit::bigint + each.refused, 2147483647)
      FROM (
        SELECT account_id, transaction_key_id, count(*) FILTER (WHERE outcome = 'GRANTED') AS uses,
          count(*) FILTER (WHERE outcome = 'KEY_OVERUSED') AS refused
        FROM decided
        WHERE nth IS NOT NULL AND outcome IN ('GRANTED', 'KEY_OVERUSED')
        GROUP BY account_id, transaction_key_id
      ) AS each
      WHERE u.account_id = each.account_id AND u.transaction_key_id = each.transaction_key_id
    ), recorded AS (
      INSERT INTO audit_pending (account_id, occurred_at, action, code, purpose, management_key_id, transaction_key_id, address)
      SELECT account_id, v_now, 'KEY_ACQUIRED', nullif(outcome, 'GRANTED'), 'USE', management_key_id, transaction_key_id, address
      FROM decided
      WHERE outcome NOT IN ('BUSY', 'ALONE')
      ORDER BY decided.place
    ), undone AS (
      DELETE FROM nonces AS n USING decided AS d
      WHERE d.outcome IN ('BUSY', 'ALONE')
        AND n.principal_id = d.account_id AND n.key_id = d.management_key_id AND n.nonce = d.nonce
    ), forgotten AS (
      DELETE FROM acquisitions AS r USING decided AS d
      WHERE d.outcome <> 'GRANTED' AND d.is_new AND d.acquisition_id IS NOT NULL
        AND r.account_id = d.account_id AND r.idempotency_scope = d.management_key_id
        AND r.transaction_key_id = d.transaction_key_id AND r.acquisition_id = d.acquisition_id
    )
    SELECT decided.place::integer, decided.outcome, CASE WHEN decided.outcome = 'GRANTED' THEN decided.jwe END
    FROM decided;
END $$;
--> statement-breakpoint
-- Counts what a transaction has stored for an account, as the last thing that it does: the row is locked until it ends. Returns
-- the name and the limit of the quota that is exceeded now by what was added, and then the transaction must not commit; or
-- nulls. p_keys_max and p_bytes_max hold where the operator has set nothing for this account.
CREATE OR REPLACE FUNCTION add_usage(
  p_account_id uuid, p_keys integer, p_bytes bigint, p_keys_max integer, p_bytes_max integer
) RETURNS TABLE (quota text, quota_limit integer) LANGUAGE plpgsql AS $$
DECLARE
  v_usage account_usage;
BEGIN
  UPDATE account_usage SET transaction_keys = transaction_keys + p_keys, stored_bytes = stored_bytes + p_bytes
  WHERE account_id = p_account_id
  RETURNING * INTO v_usage;
  IF NOT FOUND THEN
    -- Counted with what this transaction has stored. Another one that counts at the same time waits here, and then adds its own.
    INSERT INTO account_usage (account_id, transaction_keys, stored_bytes)
    SELECT p_account_id, stored.key_count, stored.byte_count FROM stored_of(p_account_id, NULL) AS stored
    ON CONFLICT DO NOTHING
    RETURNING * INTO v_usage;
    IF NOT FOUND THEN
      UPDATE account_usage SET transaction_keys = transaction_keys + p_keys, stored_bytes = stored_bytes + p_bytes
      WHERE account_id = p_account_id
      RETURNING * INTO v_usage;
    END IF;
  END IF;
  RETURN QUERY SELECT 'transactionKeys', exceeded.most FROM coalesce(v_usage.transaction_keys_max, p_keys_max) AS exceeded (most)
    WHERE p_keys > 0 AND v_usage.transaction_keys > exceeded.most;
  IF FOUND THEN
    RETURN;
  END IF;
  RETURN QUERY SELECT 'storedBytes', exceeded.most FROM coalesce(v_usage.stored_bytes_max, p_bytes_max) AS exceeded (most)
    WHERE p_bytes > 0 AND v_usage.stored_bytes > exceeded.most;
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
  WHERE account_id = p_account_id AND id = p_management_key_id AND revoked_at IS NULL AND suspended_at IS NULL;
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
-- Deletes an account and everything that is stored of it. Its id stays, so that nobody gets its name. Application servers that
-- follow its keys are told that they are destroyed: those changes are theirs, and stay. Returns whether there was one.
CREATE OR REPLACE FUNCTION delete_account(p_account_id uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(management_keys_lock(id)) FROM accounts WHERE id = p_account_id;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM pg_notify('claviger_revoked', id) FROM management_keys WHERE account_id = p_account_id;
  DELETE FROM nonces WHERE principal_id = p_account_id;
  DELETE FROM management_keys WHERE account_id = p_account_id;
  DELETE FROM management_key_owners WHERE account_id = p_account_id;
  DELETE FROM acquisitions WHERE account_id = p_account_id;
  PERFORM 1 FROM transaction_key_usage WHERE account_id = p_account_id ORDER BY transaction_key_id FOR UPDATE;
  DELETE FROM wrapped_keys WHERE account_id = p_account_id;
  DELETE FROM deadlines WHERE account_id = p_account_id;
  PERFORM 1 FROM accounts WHERE id = p_account_id FOR UPDATE;
  DELETE FROM alerts WHERE account_id = p_account_id;
  DELETE FROM webhooks WHERE account_id = p_account_id;
  DELETE FROM mismatches WHERE account_id = p_account_id;
  DELETE FROM confirmations WHERE account_id = p_account_id;
  DELETE FROM audit_pending WHERE account_id = p_account_id;
  DELETE FROM audit_entries WHERE account_id = p_account_id;
  DELETE FROM audit_chains WHERE account_id = p_account_id;
  DELETE FROM invitations WHERE account_id = p_account_id;
  PERFORM record_changes_of_account(p_account_id, 'DESTROYED');
  DELETE FROM transaction_key_usage WHERE account_id = p_account_id;
  DELETE FROM transaction_keys WHERE account_id = p_account_id;
  DELETE FROM account_usage WHERE account_id = p_account_id;
  DELETE FROM accounts WHERE id = p_account_id;
  INSERT INTO deleted_accounts (account_id) VALUES (p_account_id) ON CONFLICT DO NOTHING;
  RETURN true;
END $$;
--> statement-breakpoint
-- Whether a management key is active, for a request whose nonce was consumed before: a request outlives the moment in which
-- it was checked, and its key may be revoked meanwhile, even by the request itself.
CREATE OR REPLACE FUNCTION is_active_management_key(p_account_id uuid, p_management_key_id text)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM management_keys
    WHERE account_id = p_account_id AND id = p_management_key_id AND revoked_at IS NULL AND suspended_at IS NULL);
END $$;
--> statement-breakpoint
-- Tells application servers that all keys of an account have changed, when they follow its keys. Call it last, as
-- record_key_changes.
CREATE OR REPLACE FUNCTION record_changes_of_account(p_account_id uuid, p_kind key_change_kind)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_keys uuid[];
BEGIN
  SELECT array_agg(id ORDER BY id) INTO v_keys FROM transaction_keys WHERE account_id = p_account_id;
  IF v_keys IS NOT NULL THEN
    PERFORM record_key_changes(array_fill(p_account_id, ARRAY[cardinality(v_keys)]), v_keys, p_kind);
  END IF;
END $$;
--> statement-breakpoint
-- The stored size of these transaction keys of an account: how many are not revoked, and how many characters their wrapped keys
-- and signed statements have. Null for p_transaction_key_ids means all keys.
CREATE OR REPLACE FUNCTION stored_of(p_account_id uuid, p_transaction_key_ids uuid[])
RETURNS TABLE (key_count integer, byte_count bigint) LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY SELECT
    (SELECT count(*)::integer FROM transaction_key_usage u
      WHERE u.account_id = p_account_id AND u.revoked_at IS NULL
        AND (p_transaction_key_ids IS NULL OR u.transaction_key_id = ANY (p_transaction_key_ids))),
    (SELECT coalesce(sum(coalesce(octet_length(k.certificate), 0) + coalesce(octet_length(k.revocation), 0)), 0)::bigint
      FROM transaction_keys k
      WHERE k.account_id = p_account_id AND (p_transaction_key_ids IS NULL OR k.id = ANY (p_transaction_key_ids)))
    + (SELECT coalesce(sum(octet_length(w.jwe)), 0)::bigint FROM wrapped_keys w
      WHERE w.account_id = p_account_id
        AND (p_transaction_key_ids IS NULL OR w.transaction_key_id = ANY (p_transaction_key_ids)));
END $$;
--> statement-breakpoint
-- Suspends an account, or ends that. Its management keys sign nothing then, their connections are closed, and its transaction keys
-- verify like unknown ones, which application servers that follow them are told of either way. Returns whether it changed.
CREATE OR REPLACE FUNCTION suspend_account(p_account_id uuid, p_is_suspended boolean)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz;
BEGIN
  PERFORM pg_advisory_xact_lock(management_keys_lock(id)) FROM accounts WHERE id = p_account_id;
  v_now := clock_timestamp();
  UPDATE management_keys SET suspended_at = CASE WHEN p_is_suspended THEN v_now END WHERE account_id = p_account_id;
  UPDATE accounts SET suspended_at = CASE WHEN p_is_suspended THEN v_now END
  WHERE id = p_account_id AND (suspended_at IS NOT NULL) <> p_is_suspended;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF p_is_suspended THEN
    PERFORM pg_notify('claviger_revoked', id) FROM management_keys WHERE account_id = p_account_id AND revoked_at IS NULL;
  END IF;
  PERFORM record_changes_of_account(p_account_id, 'TERM_CHANGED');
  RETURN true;
END $$;
--> statement-breakpoint
-- Takes one of a limit of p_count in p_seconds, which is refilled evenly (the generic cell rate algorithm). Returns 0, or how many
-- seconds it takes until there is one to take; then nothing is written. To be called alone, in a transaction of its own:
-- its commit does not wait for the disk, since a crash may forget what was taken.
CREATE OR REPLACE FUNCTION take_rate(
  p_limit text, p_client text, p_count double precision, p_seconds double precision
) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_each interval := make_interval(secs => p_seconds / p_count);
  -- No later, whatever the clock showed when others were taken.
  v_full_at_most timestamptz := v_now + make_interval(secs => p_seconds);
  v_full_at timestamptz;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  INSERT INTO rates AS r (limit_name, client, full_at) VALUES (p_limit, p_client, v_now + v_each)
  ON CONFLICT (limit_name, client) DO UPDATE
  SET full_at = greatest(least(r.full_at, v_full_at_most), v_now) + v_each
  WHERE greatest(least(r.full_at, v_full_at_most), v_now) + v_each <= v_full_at_most;
  IF FOUND THEN
    RETURN 0;
  END IF;
  SELECT least(full_at, v_full_at_most) INTO v_full_at FROM rates WHERE limit_name = p_limit AND client = p_client;
  RETURN greatest(extract(epoch FROM coalesce(v_full_at, v_now) + v_each - v_full_at_most), 0.001);
END $$;

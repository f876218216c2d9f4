SET LOCAL check_function_bodies = off;
--> statement-breakpoint
-- Acquires wrapped keys, all or none: consumes the request's nonce, counts, alerts, and releases the keys that are wrapped for
-- the management key that asked. It is the only reader of wrapped_keys.jwe.
-- p_nonce is null when an earlier field of this request consumed it. p_transaction_key_ids has no duplicates.
-- p_purpose is USE, REWRAP or EXPORT. Only USE is counted and limited, and only for it must the term have begun: owners move
-- and save all of their keys. The other two raise one alert for each call that acquires something new.
-- Each key that was asked for gets an entry of the audit log, also when a signed request is refused. p_address is the
-- client's, or null.
-- Returns a row for each key in the order asked with outcome GRANTED, or one row with the outcome of the refusal: those of
-- consume_management_key_nonce, NOT_FOUND, KEY_REVOKED, KEY_NOT_YET_VALID or KEY_OVERUSED.
CREATE OR REPLACE FUNCTION acquire_wrapped_keys(
  p_account_id uuid, p_management_key_id text, p_nonce text, p_created bigint, p_expires bigint,
  p_transaction_key_ids uuid[], p_purpose text, p_acquisition_id uuid, p_acquisition_hours integer, p_address text
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
  PERFORM take_management_keys_lock(p_account_id, true);

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

  -- v_outcome is the refusal, and null when there is none.
  INSERT INTO audit_pending (account_id, occurred_at, action, code, purpose, management_key_id, transaction_key_id, address)
  SELECT p_account_id, v_now, 'KEY_ACQUIRED', v_outcome, p_purpose::acquisition_purpose, p_management_key_id, asked.id, p_address
  FROM unnest(p_transaction_key_ids) AS asked (id);

  IF v_outcome IS NOT NULL THEN
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
-- Deletes an account and everything that is stored of it. Its id stays, so that nobody gets its name. Application servers that
-- follow its keys are told that they are destroyed: those changes are theirs, and stay. Returns whether there was one.
CREATE OR REPLACE FUNCTION delete_account(p_account_id uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_key text;
BEGIN
  IF NOT take_management_keys_lock(p_account_id, false) THEN
    RETURN false;
  END IF;
  DELETE FROM nonces WHERE principal_id = p_account_id;
  -- By their ids: the directory has no other index.
  FOR v_key IN SELECT id FROM management_keys WHERE account_id = p_account_id ORDER BY id LOOP
    DELETE FROM management_key_owners WHERE management_key_id = v_key AND account_id = p_account_id;
    PERFORM pg_notify('claviger_revoked', v_key);
  END LOOP;
  DELETE FROM management_keys WHERE account_id = p_account_id;
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
-- The number of the advisory lock on an account's set of management keys. Both sides take it where the account's row is
-- (take_management_keys_lock; groups take several at once).
CREATE OR REPLACE FUNCTION management_keys_lock(p_account_id uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT hashtextextended('claviger management keys ' || p_account_id::text, 0)
$$;
--> statement-breakpoint
-- Suspends an account, or ends that. Its management keys sign nothing then, their connections are closed, and its transaction keys
-- verify like unknown ones, which application servers that follow them are told of either way. Returns whether it changed.
CREATE OR REPLACE FUNCTION suspend_account(p_account_id uuid, p_is_suspended boolean)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz;
BEGIN
  PERFORM take_management_keys_lock(p_account_id, false);
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
-- Takes the lock on an account's set of management keys, until the transaction ends: exclusive, or p_is_shared by those that rely on
-- keys staying active. Returns whether there is such an account.
CREATE OR REPLACE FUNCTION take_management_keys_lock(p_account_id uuid, p_is_shared boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF p_is_shared THEN
    PERFORM pg_advisory_xact_lock_shared(management_keys_lock(id)) FROM accounts WHERE id = p_account_id;
  ELSE
    PERFORM pg_advisory_xact_lock(management_keys_lock(id)) FROM accounts WHERE id = p_account_id;
  END IF;
  RETURN FOUND;
END $$;

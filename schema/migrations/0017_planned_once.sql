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
-- The statements are planned once: their plans do not depend on what is asked, and planning them anew takes 0.9 ms of each group.
CREATE OR REPLACE FUNCTION acquire_wrapped_key_group(
  p_account_ids uuid[], p_management_key_ids text[], p_nonces text[], p_created bigint[], p_expires bigint[],
  p_transaction_key_ids uuid[], p_acquisition_ids uuid[], p_addresses text[], p_acquisition_hours integer, p_waits boolean
) RETURNS TABLE (place integer, outcome text, wrapped_key text) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
  -- An id that is forgotten counts anew, so the hours must have passed for certain.
  v_forgotten timestamptz;
  v_signed integer[];
  v_refused integer[];
  v_refusals text[];
  v_new integer[];
  v_alone integer[] := '{}';
  v_held integer[];
BEGIN
  SELECT array_agg(c.place) FILTER (WHERE c.outcome = 'GRANTED'),
    array_agg(c.place) FILTER (WHERE c.outcome <> 'GRANTED'),
    array_agg(c.outcome) FILTER (WHERE c.outcome <> 'GRANTED')
  INTO v_signed, v_refused, v_refusals
  FROM consume_management_key_nonce_group(
    p_account_ids, p_management_key_ids, p_nonces, p_created, p_expires, p_waits) AS c;
  RETURN QUERY
    SELECT refused.place, refused.refusal, NULL::text
    FROM unnest(v_refused, v_refusals) AS refused (place, refusal);
  IF v_signed IS NULL THEN
    RETURN;
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
-- Stores a transaction key for each of several requests: a group commit. Each is decided by itself, as if those before it had
-- been decided alone.
-- p_account_ids to p_addresses have an element for each request, as in consume_management_key_nonce_group. p_keys is a JSON array
-- of their keys, in the same order. Its members have the names of columns; those that are none: content_hash is in hex; the
-- management_key_id of a wrapped key is null when it is malformed; expiry_notices is null for those of p_default_notices that
-- still lie ahead; certificate_signer, certificate_iat and possession_iat are of the statements, whose signatures and claims the
-- caller has checked; is_refused says that it found one wrong. p_keys_max and p_bytes_max are as in add_usage.
-- Returns a row for each request, with its place from 1 on and an outcome: GRANTED with what is stored and the caller did not
-- know; REPEATED when the same content is stored; a refusal, with QUOTA_EXCEEDED its quota and limit; or BUSY when another
-- transaction has a lock that it needs, or ALONE when it depends on others of the group. BUSY and ALONE leave no trace; a group of
-- one is never ALONE. Other refusals leave the consumed nonce.
-- The locks of accounts are tried, so that no request waits for another account's, unless p_waits: such a group is of one account.
-- account_usage is locked first, so whoever stores keys for an account is the only one.
-- The statements are planned once: their plans do not depend on what is asked, and planning them anew takes 0.9 ms of each group.
CREATE OR REPLACE FUNCTION store_transaction_key_group(
  p_account_ids uuid[], p_management_key_ids text[], p_nonces text[], p_created bigint[], p_expires bigint[], p_addresses text[],
  p_keys json, p_default_notices integer[], p_keys_max integer, p_bytes_max integer, p_waits boolean
) RETURNS TABLE (
  place integer, outcome text, state text, created_at timestamptz, expiry_notices json, quota text, quota_limit integer
) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
  -- Statements that are dated later were signed by a clock that is ahead.
  v_newest double precision := extract(epoch FROM v_now) + 30;
  v_signed integer[];
  v_refused integer[];
  v_refusals text[];
  v_held uuid[];
BEGIN
  SELECT array_agg(c.place) FILTER (WHERE c.outcome = 'GRANTED'),
    array_agg(c.place) FILTER (WHERE c.outcome <> 'GRANTED'),
    array_agg(c.outcome) FILTER (WHERE c.outcome <> 'GRANTED')
  INTO v_signed, v_refused, v_refusals
  FROM consume_management_key_nonce_group(
    p_account_ids, p_management_key_ids, p_nonces, p_created, p_expires, p_waits) AS c;
  RETURN QUERY
    SELECT refused.place, refused.refusal, NULL::text, NULL::timestamptz, NULL::json, NULL::text, NULL::integer
    FROM unnest(v_refused, v_refusals) AS refused (place, refusal);
  IF v_signed IS NULL THEN
    RETURN;
  END IF;

  IF p_waits THEN
    -- Makes the row when the account has none yet.
    PERFORM add_usage(p_account_ids[1], 0, 0, p_keys_max, p_bytes_max);
    v_held := p_account_ids;
  ELSE
    v_held := ARRAY(
      SELECT account_id FROM account_usage WHERE account_id = ANY (p_account_ids)
      ORDER BY account_id
      FOR NO KEY UPDATE SKIP LOCKED);
  END IF;

  RETURN QUERY
    WITH asked AS MATERIALIZED (
      SELECT a.*, k.*, coalesce(k.expiry_notices, ARRAY(
        SELECT seconds FROM unnest(p_default_notices) AS seconds
        WHERE k.expires_at - make_interval(secs => seconds) > v_now
      )) AS notices
      FROM unnest(p_account_ids, p_management_key_ids, p_nonces, p_addresses)
        WITH ORDINALITY AS a (account_id, signed_by, nonce, address, place)
      JOIN ROWS FROM (json_to_recordset(p_keys) AS (
        id uuid, application_server text, label text, public_key jsonb, thumbprint text, not_before timestamptz,
        expires_at timestamptz, expiry_notices integer[], max_uses integer, overuse_policy overuse_policy, content_hash text,
        certificate text, certificate_signer text, certificate_iat bigint, possession text, possession_iat bigint,
        is_refused boolean, wrapped_keys json
      )) WITH ORDINALITY AS k ON k.ordinality = a.place
      WHERE a.place = ANY (v_signed)
    ), wrapped AS MATERIALIZED (
      SELECT asked.place, asked.account_id, asked.id, w.management_key_id, w.jwe, m.account_id IS NOT NULL AS is_active
      FROM asked
      CROSS JOIN LATERAL json_to_recordset(asked.wrapped_keys) AS w (management_key_id text, jwe text)
      LEFT JOIN management_keys m ON m.account_id = asked.account_id AND m.id = w.management_key_id
        AND m.revoked_at IS NULL AND m.kind <> 'VIEWER'
    ), judged AS MATERIALIZED (
      SELECT asked.*, of_key.bytes + coalesce(octet_length(asked.certificate), 0) AS bytes, CASE
        WHEN NOT asked.account_id = ANY (v_held) THEN 'BUSY'
        WHEN row_number() OVER (PARTITION BY asked.account_id, asked.id ORDER BY asked.place) > 1 THEN 'ALONE'
        WHEN asked.thumbprint IS NOT NULL AND row_number() OVER (
          PARTITION BY asked.account_id, asked.application_server, asked.thumbprint ORDER BY asked.place) > 1 THEN 'ALONE'
        WHEN NOT of_key.are_active THEN 'NOT_FOUND'
        WHEN same_id.content_hash = decode(asked.content_hash, 'hex') THEN 'REPEATED'
        WHEN same_id.account_id IS NOT NULL THEN 'CONFLICT_OF_ID'
        WHEN same_key.account_id IS NOT NULL THEN 'CONFLICT_OF_PUBLIC_KEY'
        WHEN asked.certificate IS NOT NULL AND signer.account_id IS NULL THEN 'CERTIFICATE_SIGNER_UNKNOWN'
        WHEN asked.is_refused THEN 'STATEMENT_REFUSED'
        WHEN asked.certificate_iat > v_newest THEN 'CERTIFICATE_AHEAD'
        WHEN asked.possession_iat > v_newest THEN 'POSSESSION_AHEAD'
      END AS refusal
      FROM asked
      JOIN (
        SELECT wrapped.place, bool_and(is_active) AS are_active, sum(octet_length(jwe)) AS bytes FROM wrapped GROUP BY 1
      ) AS of_key ON of_key.place = asked.place
      LEFT JOIN transaction_keys same_id ON same_id.account_id = asked.account_id AND same_id.id = asked.id
      LEFT JOIN transaction_keys same_key ON same_key.account_id = asked.account_id
        AND same_key.application_server = asked.application_server AND same_key.thumbprint = asked.thumbprint
      LEFT JOIN management_keys signer ON signer.account_id = asked.account_id AND signer.id = asked.certificate_signer
        AND signer.revoked_at IS NULL AND signer.kind <> 'VIEWER'
    ), added AS MATERIALIZED (
      -- The additions of the group to each account, and the quota that they would exceed.
      SELECT sums.*, u.exceeded_quota, CASE u.exceeded_quota WHEN 'transactionKeys' THEN u.keys_max ELSE u.bytes_max END AS exceeded_limit
      FROM (
        SELECT account_id, count(*)::integer AS keys, sum(bytes) AS bytes FROM judged WHERE refusal IS NULL GROUP BY 1
      ) AS sums
      CROSS JOIN LATERAL (
        SELECT limits.*, CASE
          WHEN usage.transaction_keys + sums.keys > keys_max THEN 'transactionKeys'
          WHEN usage.stored_bytes + sums.bytes > bytes_max THEN 'storedBytes'
        END AS exceeded_quota
        FROM account_usage AS usage
        CROSS JOIN LATERAL (SELECT
          coalesce(usage.transaction_keys_max, p_keys_max) AS keys_max,
          coalesce(usage.stored_bytes_max, p_bytes_max) AS bytes_max) AS limits
        WHERE usage.account_id = sums.account_id
      ) AS u
    ), decided AS MATERIALIZED (
      SELECT judged.*, added.exceeded_quota, added.exceeded_limit, CASE
        WHEN refusal IS NOT NULL THEN refusal
        WHEN added.exceeded_quota IS NULL THEN 'GRANTED'
        WHEN added.keys = 1 THEN 'QUOTA_EXCEEDED'
        ELSE 'ALONE'
      END AS outcome
      FROM judged
      LEFT JOIN added ON added.account_id = judged.account_id
    ), stored AS (
      INSERT INTO transaction_keys (account_id, id, application_server, label, public_key, thumbprint, not_before, expires_at,
        expiry_notices, has_default_notices, certificate, possession, content_hash)
      SELECT account_id, id, application_server, label, public_key, thumbprint, not_before, expires_at,
        notices, expiry_notices IS NULL, certificate, possession, decode(content_hash, 'hex')
      FROM decided WHERE outcome = 'GRANTED'
    ), limited AS (
      INSERT INTO transaction_key_usage (account_id, transaction_key_id, max_uses, overuse_policy)
      SELECT account_id, id, max_uses, overuse_policy FROM decided WHERE outcome = 'GRANTED'
    ), released AS (
      INSERT INTO wrapped_keys (account_id, transaction_key_id, management_key_id, jwe)
      SELECT wrapped.account_id, wrapped.id, wrapped.management_key_id, wrapped.jwe
      FROM wrapped
      JOIN decided ON decided.place = wrapped.place AND decided.outcome = 'GRANTED'
    ), armed AS (
      -- A notice whose time has passed, or that is longer than the term, does not fire: it is stored as taken, and is armed only
      -- if the clock was wrong and it lies ahead after all. An end in the past is due at once.
      INSERT INTO deadlines (account_id, transaction_key_id, notice_seconds, due_at, expires_at, taken_at)
      SELECT account_id, id, due.seconds, due.at, expires_at, CASE WHEN due.seconds > 0 AND due.at <= v_now THEN v_now END
      FROM decided
      CROSS JOIN LATERAL (
        SELECT seconds, expires_at - make_interval(secs => seconds) AS at FROM unnest(notices || 0) AS seconds) AS due
      WHERE outcome = 'GRANTED' AND expires_at IS NOT NULL
    ), recorded AS (
      INSERT INTO audit_pending (account_id, occurred_at, action, management_key_id, transaction_key_id, address)
      SELECT account_id, v_now, 'KEY_STORED', signed_by, id, address
      FROM decided WHERE outcome = 'GRANTED'
      ORDER BY decided.place
    ), counted AS (
      UPDATE account_usage AS u
      SET transaction_keys = u.transaction_keys + added.keys, stored_bytes = u.stored_bytes + added.bytes
      FROM added
      WHERE added.exceeded_quota IS NULL AND u.account_id = added.account_id
    ), undone AS (
      DELETE FROM nonces AS n USING decided AS d
      WHERE d.outcome IN ('BUSY', 'ALONE') AND n.principal_id = d.account_id AND n.key_id = d.signed_by AND n.nonce = d.nonce
    )
    SELECT decided.place::integer, decided.outcome, granted.state, granted.created_at, granted.notices,
      CASE WHEN decided.outcome = 'QUOTA_EXCEEDED' THEN exceeded_quota END,
      CASE WHEN decided.outcome = 'QUOTA_EXCEEDED' THEN exceeded_limit END
    FROM decided
    LEFT JOIN LATERAL (
      SELECT transaction_key_state(NULL, not_before, expires_at, v_now) AS state, now()::timestamptz(3) AS created_at, array_to_json(notices) AS notices
      WHERE decided.outcome = 'GRANTED'
    ) AS granted ON true;
END $$;

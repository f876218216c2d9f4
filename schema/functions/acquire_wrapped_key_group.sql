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

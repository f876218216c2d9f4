-- Consumes the nonces of several verified request signatures by management keys, each as consume_management_key_nonce does, and
-- holds the shared lock of their accounts' management keys. The arrays have an element for each request; a nonce is null when an
-- earlier field of its request consumed it.
-- Returns a row for each request: its place from 1 on, and an outcome of consume_management_key_nonce; or BUSY, which leaves no
-- trace, when another transaction has the lock. It is waited for with p_waits.
CREATE OR REPLACE FUNCTION consume_management_key_nonce_group(
  p_account_ids uuid[], p_management_key_ids text[], p_nonces text[], p_created bigint[], p_expires bigint[], p_waits boolean
) RETURNS TABLE (place integer, outcome text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
  v_seconds double precision := extract(epoch FROM v_now);
  v_forgotten_until timestamptz;
  v_locked uuid[];
  v_places integer[];
  v_outcomes text[];
  v_stale integer[];
BEGIN
  -- No revocation comes between the decision and the answer.
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
      a.nonce IS NULL OR v_seconds BETWEEN a.created - 30 AND a.expires AS is_in_time,
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
    WHERE is_active AND is_in_time AND copy = 1 AND nonce IS NOT NULL
    ORDER BY account_id, management_key_id, nonce
    ON CONFLICT DO NOTHING
    RETURNING principal_id, key_id, nonce
  ), judged AS (
    SELECT asked.*, CASE
      WHEN NOT is_active THEN 'SIGNATURE_INVALID'
      WHEN NOT is_in_time THEN 'SIGNATURE_EXPIRED'
      WHEN asked.nonce IS NOT NULL AND (consumed.nonce IS NULL OR copy > 1) THEN 'SIGNATURE_REPLAYED'
      ELSE 'GRANTED'
    END AS outcome
    FROM asked
    LEFT JOIN consumed ON consumed.principal_id = asked.account_id AND consumed.key_id = asked.management_key_id
      AND consumed.nonce = asked.nonce
  )
  SELECT array_agg(judged.place), array_agg(judged.outcome),
    array_agg(judged.place) FILTER (
      WHERE outcome = 'GRANTED' AND nonce IS NOT NULL
        AND (last_used_at BETWEEN v_now - interval '1 minute' AND v_now + interval '1 minute') IS NOT TRUE)
  INTO v_places, v_outcomes, v_stale
  FROM judged;

  -- After the insertion, as in consume_nonce.
  v_forgotten_until := (SELECT max(expires_at) FROM forgotten_nonces);
  IF v_stale IS NOT NULL THEN
    UPDATE management_keys AS m SET last_used_at = v_now
    FROM (
      SELECT k.account_id, k.id
      FROM management_keys k
      JOIN unnest(p_account_ids, p_management_key_ids, p_expires) WITH ORDINALITY AS a (account_id, id, expires, place)
        ON a.account_id = k.account_id AND a.id = k.id AND a.place = ANY (v_stale)
      WHERE (to_timestamp(a.expires) <= v_forgotten_until) IS NOT TRUE
      ORDER BY k.account_id, k.id
      FOR NO KEY UPDATE OF k SKIP LOCKED
    ) AS stale
    WHERE m.account_id = stale.account_id AND m.id = stale.id;
  END IF;

  RETURN QUERY
    SELECT a.place::integer, CASE
      WHEN d.place IS NULL THEN 'BUSY'
      WHEN d.outcome = 'GRANTED' AND a.nonce IS NOT NULL AND to_timestamp(a.expires) <= v_forgotten_until THEN 'NONCES_FORGOTTEN'
      ELSE d.outcome
    END
    FROM unnest(p_nonces, p_expires) WITH ORDINALITY AS a (nonce, expires, place)
    LEFT JOIN unnest(v_places, v_outcomes) AS d (place, outcome) ON d.place = a.place;
END $$;

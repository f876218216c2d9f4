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

-- Looks up a public key for each of several questions, and answers in their order: the state of the owner's transaction key that it
-- belongs to, or null when there is none. An unknown key takes the path of a known one.
CREATE OR REPLACE FUNCTION look_up_public_keys(p_account_ids uuid[], p_application_servers text[], p_thumbprints text[])
RETURNS TABLE (
  state text, not_before timestamptz, expires_at timestamptz, certificate text, possession text, revocation text,
  checked_at timestamptz
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := statement_timestamp();
BEGIN
  RETURN QUERY
    SELECT
      CASE WHEN k.id IS NOT NULL THEN transaction_key_state(u.revoked_at, k.not_before, k.expires_at, v_now) END,
      k.not_before, k.expires_at, k.certificate, k.possession, k.revocation, v_now
    FROM unnest(p_account_ids, p_application_servers, p_thumbprints)
      WITH ORDINALITY AS asked (account_id, application_server, thumbprint, place)
    LEFT JOIN accounts a ON a.id = asked.account_id AND a.suspended_at IS NULL
    LEFT JOIN transaction_keys k
      ON k.account_id = a.id AND k.application_server = asked.application_server AND k.thumbprint = asked.thumbprint
    LEFT JOIN transaction_key_usage u ON u.account_id = k.account_id AND u.transaction_key_id = k.id
    ORDER BY asked.place;
END $$;

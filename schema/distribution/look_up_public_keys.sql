-- Looks up a public key for each of several questions. The inner statement reaches the shards of these accounts alone.
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
    SELECT found.state, found.not_before, found.expires_at, found.certificate, found.possession, found.revocation, v_now
    FROM generate_series(1, cardinality(p_account_ids)) AS asked (place)
    LEFT JOIN (
      SELECT listed.place, transaction_key_state(u.revoked_at, k.not_before, k.expires_at, v_now) AS state,
        k.not_before, k.expires_at, k.certificate, k.possession, k.revocation
      FROM unnest(p_account_ids, p_application_servers, p_thumbprints)
        WITH ORDINALITY AS listed (account_id, application_server, thumbprint, place)
      JOIN transaction_keys k ON k.account_id = listed.account_id AND k.application_server = listed.application_server
        AND k.thumbprint = listed.thumbprint
      JOIN accounts a ON a.id = k.account_id AND a.suspended_at IS NULL
      JOIN transaction_key_usage u ON u.account_id = k.account_id AND u.transaction_key_id = k.id
      WHERE k.account_id = ANY (p_account_ids)
    ) AS found ON found.place = asked.place
    ORDER BY asked.place;
END $$;

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

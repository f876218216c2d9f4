-- Whether a management key is active, for a request whose nonce was consumed before: a request outlives the moment in which
-- it was checked, and its key may be revoked meanwhile, even by the request itself.
CREATE OR REPLACE FUNCTION is_active_management_key(p_account_id uuid, p_management_key_id text)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM management_keys
    WHERE account_id = p_account_id AND id = p_management_key_id AND revoked_at IS NULL AND suspended_at IS NULL);
END $$;

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

-- Takes the lock on an account's set of management keys where the account is, and holds the account there.
CREATE OR REPLACE FUNCTION take_management_keys_lock(p_account_id uuid, p_is_shared boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hold_account(p_account_id);
  IF p_is_shared THEN
    PERFORM pg_advisory_xact_lock_shared(management_keys_lock(id)) FROM accounts WHERE id = p_account_id;
  ELSE
    PERFORM pg_advisory_xact_lock(management_keys_lock(id)) FROM accounts WHERE id = p_account_id;
  END IF;
  RETURN FOUND;
END $$;

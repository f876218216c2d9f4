-- Suspends an account, or ends that. Its management keys sign nothing then, their connections are closed, and its transaction keys
-- verify like unknown ones, which application servers that follow them are told of either way. Returns whether it changed.
CREATE OR REPLACE FUNCTION suspend_account(p_account_id uuid, p_is_suspended boolean)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz;
BEGIN
  PERFORM take_management_keys_lock(p_account_id, false);
  v_now := clock_timestamp();
  UPDATE management_keys SET suspended_at = CASE WHEN p_is_suspended THEN v_now END WHERE account_id = p_account_id;
  UPDATE accounts SET suspended_at = CASE WHEN p_is_suspended THEN v_now END
  WHERE id = p_account_id AND (suspended_at IS NOT NULL) <> p_is_suspended;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF p_is_suspended THEN
    PERFORM pg_notify('claviger_revoked', id) FROM management_keys WHERE account_id = p_account_id AND revoked_at IS NULL;
  END IF;
  PERFORM record_changes_of_account(p_account_id, 'TERM_CHANGED');
  RETURN true;
END $$;

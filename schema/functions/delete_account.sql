-- Deletes an account and everything that is stored of it. Its id stays, so that nobody gets its name. Application servers that
-- follow its keys are told that they are destroyed: those changes are theirs, and stay. Returns whether there was one.
CREATE OR REPLACE FUNCTION delete_account(p_account_id uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_key text;
BEGIN
  IF NOT take_management_keys_lock(p_account_id, false) THEN
    RETURN false;
  END IF;
  DELETE FROM nonces WHERE principal_id = p_account_id;
  -- By their ids: the directory has no other index.
  FOR v_key IN SELECT id FROM management_keys WHERE account_id = p_account_id ORDER BY id LOOP
    DELETE FROM management_key_owners WHERE management_key_id = v_key AND account_id = p_account_id;
    PERFORM pg_notify('claviger_revoked', v_key);
  END LOOP;
  DELETE FROM management_keys WHERE account_id = p_account_id;
  DELETE FROM acquisitions WHERE account_id = p_account_id;
  PERFORM 1 FROM transaction_key_usage WHERE account_id = p_account_id ORDER BY transaction_key_id FOR UPDATE;
  DELETE FROM wrapped_keys WHERE account_id = p_account_id;
  DELETE FROM deadlines WHERE account_id = p_account_id;
  PERFORM 1 FROM accounts WHERE id = p_account_id FOR UPDATE;
  DELETE FROM alerts WHERE account_id = p_account_id;
  DELETE FROM webhooks WHERE account_id = p_account_id;
  DELETE FROM mismatches WHERE account_id = p_account_id;
  DELETE FROM confirmations WHERE account_id = p_account_id;
  -- The chain first, as sealing locks it.
  DELETE FROM audit_chains WHERE account_id = p_account_id;
  DELETE FROM audit_pending WHERE account_id = p_account_id;
  DELETE FROM audit_entries WHERE account_id = p_account_id;
  DELETE FROM invitations WHERE account_id = p_account_id;
  PERFORM record_changes_of_account(p_account_id, 'DESTROYED');
  DELETE FROM transaction_key_usage WHERE account_id = p_account_id;
  DELETE FROM transaction_keys WHERE account_id = p_account_id;
  DELETE FROM account_usage WHERE account_id = p_account_id;
  DELETE FROM accounts WHERE id = p_account_id;
  INSERT INTO deleted_accounts (account_id) VALUES (p_account_id) ON CONFLICT DO NOTHING;
  RETURN true;
END $$;

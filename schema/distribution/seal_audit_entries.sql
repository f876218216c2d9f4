-- Seals entries of the audit logs that this node holds, or those of one account.
CREATE OR REPLACE FUNCTION seal_audit_entries(p_account_id uuid, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_account uuid;
  v_sealed integer := 0;
BEGIN
  IF p_account_id IS NOT NULL THEN
    IF NOT EXISTS (SELECT 1 FROM audit_pending WHERE account_id = p_account_id)
      AND NOT EXISTS (SELECT 1 FROM audit_chains WHERE account_id = p_account_id) THEN
      RETURN 0;
    END IF;
    RETURN seal_account_entries(p_account_id, p_batch, true);
  END IF;
  FOREACH v_account IN ARRAY local_owners('audit_pending', 'account_id', 'true', p_batch) LOOP
    v_sealed := v_sealed + seal_account_entries(v_account, p_batch - v_sealed, false);
    EXIT WHEN v_sealed >= p_batch;
  END LOOP;
  RETURN v_sealed;
END $$;

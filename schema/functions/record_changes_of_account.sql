-- Tells application servers that all keys of an account have changed, when they follow its keys. Call it last, as
-- record_key_changes.
CREATE OR REPLACE FUNCTION record_changes_of_account(p_account_id uuid, p_kind key_change_kind)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_keys uuid[];
BEGIN
  SELECT array_agg(id ORDER BY id) INTO v_keys FROM transaction_keys WHERE account_id = p_account_id;
  IF v_keys IS NOT NULL THEN
    PERFORM record_key_changes(array_fill(p_account_id, ARRAY[cardinality(v_keys)]), v_keys, p_kind);
  END IF;
END $$;

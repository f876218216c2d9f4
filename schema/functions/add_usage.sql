-- Counts what a transaction has stored for an account, as the last thing that it does: the row is locked until it ends. Returns
-- the name and the limit of the quota that is exceeded now by what was added, and then the transaction must not commit; or
-- nulls. p_keys_max and p_bytes_max hold where the operator has set nothing for this account.
CREATE OR REPLACE FUNCTION add_usage(
  p_account_id uuid, p_keys integer, p_bytes bigint, p_keys_max integer, p_bytes_max integer
) RETURNS TABLE (quota text, quota_limit integer) LANGUAGE plpgsql AS $$
DECLARE
  v_usage account_usage;
  v_stored record;
BEGIN
  UPDATE account_usage SET transaction_keys = transaction_keys + p_keys, stored_bytes = stored_bytes + p_bytes
  WHERE account_id = p_account_id
  RETURNING * INTO v_usage;
  IF NOT FOUND THEN
    -- Counted with what this transaction has stored. Another one that counts at the same time waits here, and then adds its own.
    SELECT * INTO v_stored FROM stored_of(p_account_id, NULL);
    INSERT INTO account_usage (account_id, transaction_keys, stored_bytes)
    VALUES (p_account_id, v_stored.key_count, v_stored.byte_count)
    ON CONFLICT DO NOTHING
    RETURNING * INTO v_usage;
    IF NOT FOUND THEN
      UPDATE account_usage SET transaction_keys = transaction_keys + p_keys, stored_bytes = stored_bytes + p_bytes
      WHERE account_id = p_account_id
      RETURNING * INTO v_usage;
    END IF;
  END IF;
  RETURN QUERY SELECT 'transactionKeys', exceeded.most FROM coalesce(v_usage.transaction_keys_max, p_keys_max) AS exceeded (most)
    WHERE p_keys > 0 AND v_usage.transaction_keys > exceeded.most;
  IF FOUND THEN
    RETURN;
  END IF;
  RETURN QUERY SELECT 'storedBytes', exceeded.most FROM coalesce(v_usage.stored_bytes_max, p_bytes_max) AS exceeded (most)
    WHERE p_bytes > 0 AND v_usage.stored_bytes > exceeded.most;
END $$;

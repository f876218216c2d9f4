-- Seals entries of one account's audit log, at most p_batch, as seal_audit_entries does of any where one PostgreSQL holds them.
-- Without p_waits it leaves out an account that another session is sealing. Returns how many were sealed.
-- Positions are given by each node from a range of its own, so times come first in the order.
CREATE OR REPLACE FUNCTION seal_account_entries(p_account_id uuid, p_batch integer, p_waits boolean)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz;
  v_chain audit_chains;
  v_entry audit_pending;
  v_sequence bigint;
  v_hash bytea;
  v_sealed integer := 0;
BEGIN
  PERFORM hold_account(p_account_id);
  -- A chain is begun under a lock of its account, so that it is not left behind by one that is being deleted.
  IF NOT EXISTS (SELECT 1 FROM audit_chains WHERE account_id = p_account_id) THEN
    PERFORM 1 FROM accounts WHERE id = p_account_id FOR KEY SHARE;
    IF NOT FOUND THEN
      RETURN 0;
    END IF;
    INSERT INTO audit_chains (account_id) VALUES (p_account_id) ON CONFLICT DO NOTHING;
  END IF;
  IF p_waits THEN
    SELECT * INTO v_chain FROM audit_chains WHERE account_id = p_account_id FOR NO KEY UPDATE;
  ELSE
    SELECT * INTO v_chain FROM audit_chains WHERE account_id = p_account_id FOR NO KEY UPDATE SKIP LOCKED;
  END IF;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  v_hash := v_chain.hash;
  v_sequence := greatest(v_chain.sequence, (SELECT max(sequence) FROM audit_entries WHERE account_id = p_account_id));
  -- A statement of its own, so that it sees what was sealed before the lock was granted.
  FOR v_entry IN
    SELECT * FROM audit_pending WHERE account_id = p_account_id ORDER BY occurred_at, position LIMIT p_batch
  LOOP
    v_sequence := v_sequence + 1;
    v_hash := sha256(convert_to(concat(
      '{"action":"', v_entry.action,
      '","address":', coalesce(to_json(v_entry.address)::text, 'null'),
      ',"affectedManagementKeyId":', coalesce('"' || v_entry.affected_management_key_id || '"', 'null'),
      ',"code":', coalesce('"' || v_entry.code || '"', 'null'),
      ',"granted":', CASE WHEN v_entry.code IS NULL THEN 'true' ELSE 'false' END,
      ',"id":"', v_entry.id,
      '","managementKeyId":"', v_entry.management_key_id,
      '","occurredAt":"', to_char(v_entry.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      '","previousHash":"', encode(v_hash, 'hex'),
      '","purpose":', coalesce('"' || v_entry.purpose || '"', 'null'),
      ',"sequence":', v_sequence,
      ',"transactionKeyId":', coalesce('"' || v_entry.transaction_key_id || '"', 'null'), '}'), 'UTF8'));
    INSERT INTO audit_entries (account_id, sequence, id, occurred_at, action, code, purpose, management_key_id,
      transaction_key_id, affected_management_key_id, address, hash)
    VALUES (p_account_id, v_sequence, v_entry.id, v_entry.occurred_at, v_entry.action, v_entry.code, v_entry.purpose,
      v_entry.management_key_id, v_entry.transaction_key_id, v_entry.affected_management_key_id, v_entry.address, v_hash);
    DELETE FROM audit_pending WHERE account_id = p_account_id AND position = v_entry.position;
    v_sealed := v_sealed + 1;
  END LOOP;
  IF v_sealed > 0 THEN
    v_now := clock_timestamp();
    UPDATE audit_chains
    SET sequence = v_sequence, hash = v_hash, sealed_at = v_now, oldest_at = coalesce(oldest_at, v_now)
    WHERE account_id = p_account_id;
  END IF;
  RETURN v_sealed;
END $$;

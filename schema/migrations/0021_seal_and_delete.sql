SET LOCAL check_function_bodies = off;
--> statement-breakpoint
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
--> statement-breakpoint
-- Seals entries of the audit log, at most p_batch: gives each the next number of its account and the hash that chains it to the
-- one before, and moves it from audit_pending to audit_entries. Returns how many were sealed.
-- For p_account_id null it takes entries of any accounts, and leaves out those that another server is sealing. For an account
-- it waits until the others have done so: what was committed before is then sealed.
-- The order is that of audit_pending, under the lock of the chain. docs/audit-log.md specifies the bytes that are hashed: the
-- entry in the canonical form of JSON (RFC 8785), with the hash before it.
CREATE OR REPLACE FUNCTION seal_audit_entries(p_account_id uuid, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz;
  v_accounts uuid[];
  v_entry record;
  v_account uuid;
  v_sequence bigint;
  v_hash bytea;
  v_sealed_accounts uuid[] := '{}';
  v_positions bigint[] := '{}';
  v_sequences bigint[] := '{}';
  v_hashes bytea[] := '{}';
BEGIN
  v_accounts := ARRAY(
    SELECT DISTINCT account_id FROM (
      SELECT account_id FROM audit_pending
      WHERE p_account_id IS NULL OR account_id = p_account_id
      LIMIT p_batch) AS waiting);
  IF cardinality(v_accounts) = 0 AND p_account_id IS NULL THEN
    RETURN 0;
  END IF;
  -- A chain is begun under a lock of its account, so that it is not left behind by one that is being deleted.
  IF p_account_id IS NULL THEN
    INSERT INTO audit_chains (account_id)
    SELECT id FROM accounts
    WHERE id = ANY (v_accounts) AND NOT EXISTS (SELECT 1 FROM audit_chains WHERE account_id = id)
    ORDER BY id
    FOR KEY SHARE SKIP LOCKED
    ON CONFLICT DO NOTHING;
  ELSE
    INSERT INTO audit_chains (account_id)
    SELECT id FROM accounts
    WHERE id = ANY (v_accounts) AND NOT EXISTS (SELECT 1 FROM audit_chains WHERE account_id = id)
    FOR KEY SHARE
    ON CONFLICT DO NOTHING;
  END IF;
  IF p_account_id IS NULL THEN
    v_accounts := ARRAY(
      SELECT account_id FROM audit_chains WHERE account_id = ANY (v_accounts)
      ORDER BY account_id
      FOR NO KEY UPDATE SKIP LOCKED);
  ELSE
    v_accounts := ARRAY(SELECT account_id FROM audit_chains WHERE account_id = p_account_id FOR NO KEY UPDATE);
  END IF;

  -- A statement of its own, so that it sees what was sealed before the lock was granted.
  FOR v_entry IN
    WITH chains AS MATERIALIZED (
      SELECT account_id, hash,
        -- Equal, unless somebody has changed the tables by hand: then what was done is told all the same.
        greatest(sequence, (SELECT max(e.sequence) FROM audit_entries e WHERE e.account_id = c.account_id)) AS sequence
      FROM audit_chains c
      WHERE account_id = ANY (v_accounts)
    )
    SELECT p.*, c.sequence, c.hash
    FROM chains c
    CROSS JOIN LATERAL (
      SELECT * FROM audit_pending WHERE account_id = c.account_id ORDER BY position LIMIT p_batch
    ) AS p
    ORDER BY p.account_id, p.position
    LIMIT p_batch
  LOOP
    IF v_entry.account_id IS DISTINCT FROM v_account THEN
      v_account := v_entry.account_id;
      v_hash := v_entry.hash;
      v_sequence := v_entry.sequence;
    END IF;
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
    v_sealed_accounts := v_sealed_accounts || v_account;
    v_positions := v_positions || v_entry.position;
    v_sequences := v_sequences || v_sequence;
    v_hashes := v_hashes || v_hash;
  END LOOP;
  IF cardinality(v_positions) = 0 THEN
    RETURN 0;
  END IF;

  v_now := clock_timestamp();
  WITH sealed AS (
    SELECT * FROM unnest(v_sealed_accounts, v_positions, v_sequences, v_hashes) AS s (account_id, position, sequence, hash)
  ), taken AS (
    DELETE FROM audit_pending p USING sealed s
    WHERE p.account_id = s.account_id AND p.position = s.position
    RETURNING p.*, s.sequence, s.hash
  ), stored AS (
    INSERT INTO audit_entries (account_id, sequence, id, occurred_at, action, code, purpose, management_key_id,
      transaction_key_id, affected_management_key_id, address, hash)
    SELECT account_id, sequence, id, occurred_at, action, code, purpose, management_key_id,
      transaction_key_id, affected_management_key_id, address, hash
    FROM taken
    ORDER BY account_id, sequence
  )
  UPDATE audit_chains c
  SET sequence = newest.sequence, hash = newest.hash, sealed_at = v_now, oldest_at = coalesce(c.oldest_at, v_now)
  FROM (SELECT DISTINCT ON (account_id) * FROM sealed ORDER BY account_id, sequence DESC) AS newest
  WHERE c.account_id = newest.account_id;
  RETURN cardinality(v_positions);
END $$;

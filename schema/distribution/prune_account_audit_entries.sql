-- Removes entries of an account's audit log that occurred before p_before, as prune_audit_entries does of all accounts where one
-- PostgreSQL holds them. Returns how many.
CREATE OR REPLACE FUNCTION prune_account_audit_entries(p_account_id uuid, p_before timestamptz, p_batch integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_chain audit_chains;
  v_last record;
  v_oldest_at timestamptz;
  v_removed integer := 0;
BEGIN
  PERFORM hold_account(p_account_id);
  SELECT * INTO v_chain FROM audit_chains WHERE account_id = p_account_id FOR NO KEY UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  SELECT judged.sequence, judged.hash INTO v_last
  FROM (
    SELECT sequence, hash, occurred_at, bool_or(occurred_at BETWEEN p_before AND v_now) OVER (ORDER BY sequence) AS is_kept
    FROM (
      SELECT sequence, hash, occurred_at FROM audit_entries
      WHERE account_id = p_account_id AND sequence > v_chain.pruned_sequence
      ORDER BY sequence LIMIT p_batch) AS oldest) AS judged
  WHERE judged.occurred_at < p_before AND NOT judged.is_kept
  ORDER BY judged.sequence DESC LIMIT 1;
  IF FOUND THEN
    DELETE FROM audit_entries WHERE account_id = p_account_id AND sequence <= v_last.sequence;
    GET DIAGNOSTICS v_removed = ROW_COUNT;
    v_chain.pruned_sequence := v_last.sequence;
    v_chain.pruned_hash := v_last.hash;
  END IF;
  SELECT occurred_at INTO v_oldest_at
  FROM audit_entries WHERE account_id = p_account_id AND sequence > v_chain.pruned_sequence
  ORDER BY sequence LIMIT 1;
  IF v_oldest_at > v_now THEN
    v_oldest_at := v_now;
  END IF;
  UPDATE audit_chains
  SET pruned_sequence = v_chain.pruned_sequence, pruned_hash = v_chain.pruned_hash, oldest_at = v_oldest_at
  WHERE account_id = p_account_id;
  RETURN v_removed;
END $$;

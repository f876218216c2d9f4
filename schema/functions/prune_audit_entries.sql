-- Removes entries of the audit log that are older than p_days, about p_batch of them. The number and the hash of the last one
-- that was removed are kept with the chain, so that the rest can be checked. Returns how many were removed.
-- Any number of servers may call it at once: a chain that is locked is left for later. An account's entries go in their order, as
-- its alerts do (prune_alerts).
CREATE OR REPLACE FUNCTION prune_audit_entries(p_days integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_before timestamptz := settled_clock() - make_interval(days => p_days);
  v_chain audit_chains;
  v_last record;
  v_oldest_at timestamptz;
  v_removed integer := 0;
  v_removed_of_chain integer;
BEGIN
  FOR v_chain IN
    SELECT * FROM audit_chains WHERE oldest_at < v_before
    ORDER BY oldest_at
    LIMIT 100
    FOR NO KEY UPDATE SKIP LOCKED
  LOOP
    SELECT sequence, hash INTO v_last
    FROM (
      SELECT sequence, hash, occurred_at, bool_or(occurred_at BETWEEN v_before AND v_now) OVER (ORDER BY sequence) AS is_kept
      FROM (
        SELECT * FROM audit_entries
        WHERE account_id = v_chain.account_id AND sequence > v_chain.pruned_sequence
        ORDER BY sequence
        LIMIT p_batch) AS oldest) AS judged
    WHERE occurred_at < v_before AND NOT is_kept
    ORDER BY sequence DESC
    LIMIT 1;
    IF FOUND THEN
      DELETE FROM audit_entries WHERE account_id = v_chain.account_id AND sequence <= v_last.sequence;
      GET DIAGNOSTICS v_removed_of_chain = ROW_COUNT;
      v_removed := v_removed + v_removed_of_chain;
      v_chain.pruned_sequence := v_last.sequence;
      v_chain.pruned_hash := v_last.hash;
    END IF;
    SELECT occurred_at INTO v_oldest_at
    FROM audit_entries
    WHERE account_id = v_chain.account_id AND sequence > v_chain.pruned_sequence
    ORDER BY sequence
    LIMIT 1;
    -- One that occurred at an hour that lies ahead is looked at again when those after it are old.
    UPDATE audit_chains
    SET pruned_sequence = v_chain.pruned_sequence, pruned_hash = v_chain.pruned_hash,
      oldest_at = CASE WHEN v_oldest_at > v_now THEN v_now ELSE v_oldest_at END
    WHERE account_id = v_chain.account_id;
    EXIT WHEN v_removed >= p_batch;
  END LOOP;
  RETURN v_removed;
END $$;

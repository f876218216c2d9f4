-- Removes old entries of audit logs that this node holds, account by account.
CREATE OR REPLACE FUNCTION prune_audit_entries(p_days integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_before timestamptz := settled_clock() - make_interval(days => p_days);
  v_account uuid;
  v_removed integer := 0;
BEGIN
  FOREACH v_account IN ARRAY local_owners('audit_chains', 'account_id', format('oldest_at < %L', v_before), 100) LOOP
    v_removed := v_removed + prune_account_audit_entries(v_account, v_before, p_batch);
    EXIT WHEN v_removed >= p_batch;
  END LOOP;
  RETURN v_removed;
END $$;

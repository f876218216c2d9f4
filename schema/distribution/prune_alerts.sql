-- Removes old alerts of accounts that this node holds, account by account.
CREATE OR REPLACE FUNCTION prune_alerts(p_days integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_before timestamptz := settled_clock() - make_interval(days => p_days);
  v_account uuid;
  v_removed integer := 0;
BEGIN
  FOREACH v_account IN ARRAY local_owners('alerts', 'account_id', format('occurred_at < %L', v_before), p_batch) LOOP
    v_removed := v_removed + prune_account_alerts(v_account, v_before, p_batch);
    EXIT WHEN v_removed >= p_batch;
  END LOOP;
  RETURN v_removed;
END $$;

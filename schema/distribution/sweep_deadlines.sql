-- Stores the alerts of deadlines that this node holds and that are due, account by account.
CREATE OR REPLACE FUNCTION sweep_deadlines(p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_account uuid;
  v_taken integer := 0;
BEGIN
  FOREACH v_account IN ARRAY local_owners('deadlines', 'account_id', format(
    'taken_at IS NOT NULL AND due_at > %L', v_now + interval '1 second'), p_batch)
  LOOP
    v_taken := v_taken + rearm_account_deadlines(v_account, v_now, p_batch - v_taken);
    EXIT WHEN v_taken >= p_batch;
  END LOOP;
  IF v_taken >= p_batch THEN
    RETURN p_batch;
  END IF;
  v_taken := 0;
  FOREACH v_account IN ARRAY local_owners('deadlines', 'account_id', format('taken_at IS NULL AND due_at <= %L', v_now), p_batch)
  LOOP
    v_taken := v_taken + sweep_account_deadlines(v_account, p_batch - v_taken);
    EXIT WHEN v_taken >= p_batch;
  END LOOP;
  RETURN v_taken;
END $$;

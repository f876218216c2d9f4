-- Arms deadlines of an account again that were taken although they lie ahead of p_now. Returns how many.
CREATE OR REPLACE FUNCTION rearm_account_deadlines(p_account_id uuid, p_now timestamptz, p_batch integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_ahead timestamptz := p_now + interval '1 second';
  v_due deadlines;
  v_armed integer := 0;
BEGIN
  PERFORM hold_account(p_account_id);
  FOR v_due IN
    SELECT * FROM deadlines WHERE account_id = p_account_id AND taken_at IS NOT NULL AND due_at > v_ahead
    ORDER BY due_at LIMIT p_batch FOR UPDATE SKIP LOCKED
  LOOP
    UPDATE deadlines SET taken_at = NULL
    WHERE account_id = p_account_id AND transaction_key_id = v_due.transaction_key_id AND notice_seconds = v_due.notice_seconds;
    v_armed := v_armed + 1;
  END LOOP;
  RETURN v_armed;
END $$;

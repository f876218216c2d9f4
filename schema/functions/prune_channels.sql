-- Removes channels whose confirmation or farewell has run out, and confirmation mails that are counted for p_hours.
CREATE OR REPLACE FUNCTION prune_channels(p_hours integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_settled timestamptz := settled_clock();
BEGIN
  DELETE FROM webhooks WHERE notice IS NOT NULL AND notice_expires_at <= v_settled;
  DELETE FROM confirmations
  WHERE requested_at <= v_settled - make_interval(hours => p_hours) OR requested_at > v_now + interval '1 minute';
END $$;

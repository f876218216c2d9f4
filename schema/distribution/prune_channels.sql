-- Removes channels and counted confirmation mails that this node holds and whose time is over.
CREATE OR REPLACE FUNCTION prune_channels(p_hours integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_settled timestamptz := settled_clock();
BEGIN
  PERFORM prune_local('webhooks', format('notice IS NOT NULL AND notice_expires_at <= %L', v_settled), 5000);
  PERFORM prune_local('confirmations', format(
    'requested_at <= %L OR requested_at > %L', v_settled - make_interval(hours => p_hours), v_now + interval '1 minute'), 5000);
END $$;

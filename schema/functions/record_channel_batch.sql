-- Notes that a channel has taken the message about the alerts up to p_end. A second one may follow at once. From then on alerts gather
-- before the next one, for twice as long as the time before and from p_pause_min to p_pause_max seconds, until there have been none
-- for a while. Changes nothing when the lease is no longer held.
CREATE OR REPLACE FUNCTION record_channel_batch(
  p_account_id uuid, p_id uuid, p_lease uuid, p_end bigint, p_pause_min integer, p_pause_max integer
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_channel webhooks;
  v_paused_until timestamptz;
BEGIN
  SELECT * INTO v_channel FROM webhooks WHERE account_id = p_account_id AND id = p_id AND lease = p_lease FOR NO KEY UPDATE;
  IF v_channel.last_delivered_at > v_now - make_interval(secs => 2 * p_pause_max) THEN
    v_paused_until := v_now + least(
      make_interval(secs => p_pause_max),
      greatest(make_interval(secs => p_pause_min), 2 * (v_channel.paused_until - v_channel.last_delivered_at)));
  END IF;
  UPDATE webhooks
  SET position = p_end, batch_end = NULL, last_delivered_at = v_now, attempts = 0, failing_since = NULL, failure = NULL,
    paused_until = v_paused_until
  WHERE account_id = p_account_id AND id = p_id AND lease = p_lease;
END $$;

-- Shortens waits and leases of webhooks and channels that end later than any that begins now would: they began while the clock
-- was ahead, and would last until it is there again. A failed webhook waits p_retry_seconds at most after one failure, twice as
-- long after two, and so on up to p_failures_max. An end that is beyond that by less than p_slack_seconds stays.
CREATE OR REPLACE FUNCTION recall_webhooks(
  p_retry_seconds double precision, p_failures_max integer, p_retry_seconds_max double precision,
  p_pause_seconds integer, p_lease_seconds integer, p_slack_seconds integer
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  WITH far AS (
    SELECT account_id, id,
      make_interval(secs => least(p_retry_seconds_max, p_retry_seconds * 2 ^ (least(attempts, p_failures_max) - 1))) AS retry,
      make_interval(secs => CASE WHEN channel_kind IS NULL THEN 0 ELSE p_pause_seconds END) AS pause
    FROM webhooks
    WHERE due_at IS NOT NULL
  )
  UPDATE webhooks
  SET due_at = least(due_at, v_now + greatest(retry, pause)),
    paused_until = least(paused_until, v_now + pause),
    leased_until = CASE WHEN leased_until IS NOT NULL
      THEN least(leased_until, v_now + make_interval(secs => p_lease_seconds)) END
  FROM far
  WHERE webhooks.account_id = far.account_id AND webhooks.id = far.id AND (
    due_at > v_now + greatest(retry, pause) + make_interval(secs => p_slack_seconds)
    OR leased_until > v_now + make_interval(secs => p_lease_seconds + p_slack_seconds));
END $$;

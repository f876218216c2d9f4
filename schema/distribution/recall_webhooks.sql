-- Shortens waits and leases of webhooks and channels that this node holds. It writes the shards themselves, as prune_local does.
CREATE OR REPLACE FUNCTION recall_webhooks(
  p_retry_seconds double precision, p_failures_max integer, p_retry_seconds_max double precision,
  p_pause_seconds integer, p_lease_seconds integer, p_slack_seconds integer
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_shard regclass;
BEGIN
  PERFORM set_config('citus.enable_manual_changes_to_shards', 'on', true);
  FOR v_shard IN SELECT * FROM local_shards('webhooks') LOOP
    EXECUTE format(
      'WITH far AS (
        SELECT account_id, id,
          make_interval(secs => least($4, $2 * 2 ^ (least(attempts, $3) - 1))) AS retry,
          make_interval(secs => CASE WHEN channel_kind IS NULL THEN 0 ELSE $5 END) AS pause
        FROM %1$s
        WHERE due_at IS NOT NULL
      )
      UPDATE %1$s AS w
      SET due_at = least(due_at, $1 + greatest(retry, pause)),
        paused_until = least(paused_until, $1 + pause),
        leased_until = CASE WHEN leased_until IS NOT NULL THEN least(leased_until, $1 + make_interval(secs => $6)) END
      FROM far
      WHERE w.account_id = far.account_id AND w.id = far.id AND (
        due_at > $1 + greatest(retry, pause) + make_interval(secs => $7)
        OR leased_until > $1 + make_interval(secs => $6 + $7))', v_shard)
      USING v_now, p_retry_seconds, p_failures_max, p_retry_seconds_max, p_pause_seconds, p_lease_seconds, p_slack_seconds;
  END LOOP;
END $$;

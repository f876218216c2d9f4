-- Leases webhooks and channels that this node holds and that are due.
CREATE OR REPLACE FUNCTION lease_webhooks(
  p_busy_account_ids uuid[], p_busy_hosts text[], p_busy_proven boolean[],
  p_of_account integer, p_of_proven_host integer, p_of_unproven_host integer, p_proven integer, p_unproven integer,
  p_lease uuid, p_lease_seconds integer
) RETURNS TABLE (
  account_id uuid, id uuid, host text, is_proven boolean, lease uuid, url text, kinds json, sealed_secret text,
  "position" bigint, attempts integer, failing_since timestamptz, is_redelivery_asked boolean, now timestamptz,
  settled timestamptz, channel_kind channel_kind, language channel_language, notice channel_notice, batch_end bigint,
  newest_position bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
  v_leased_until timestamptz := v_now + make_interval(secs => p_lease_seconds);
  v_settled timestamptz := greatest(settled_clock(), 'epoch');
  v_due text;
  v_chosen record;
  v_webhook webhooks;
BEGIN
  SELECT string_agg(format('SELECT * FROM %s', shard), ' UNION ALL ') INTO v_due
  FROM local_shards('webhooks') AS shards (shard);
  IF v_due IS NULL THEN
    RETURN;
  END IF;
  FOR v_chosen IN EXECUTE format(
    'WITH busy AS (
      SELECT * FROM unnest($2, $3, $4) AS busy (account_id, host, is_proven)
    ), due AS (
      SELECT account_id, id, due_at, coalesce(host_digest, split_part(url, ''/'', 3)) AS host,
        last_delivered_at IS NOT NULL AND attempts = 0 AS is_proven
      FROM (%s) AS webhooks
      WHERE due_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)
    ), ranked AS (
      SELECT *,
        row_number() OVER (PARTITION BY account_id ORDER BY is_proven DESC, due_at)
          + (SELECT count(*) FROM busy b WHERE b.account_id = due.account_id) AS of_account,
        row_number() OVER (PARTITION BY host, is_proven ORDER BY due_at)
          + (SELECT count(*) FROM busy b WHERE b.host = due.host AND b.is_proven = due.is_proven) AS of_host
      FROM due
    ), placed AS (
      SELECT *, row_number() OVER (PARTITION BY is_proven ORDER BY due_at) AS of_kind
      FROM ranked
      WHERE of_account <= $5 AND of_host <= CASE WHEN is_proven THEN $6 ELSE $7 END
    )
    SELECT account_id, id, host, is_proven FROM placed
    WHERE of_kind <= CASE WHEN is_proven THEN $8 ELSE $9 END
    ORDER BY account_id, id', v_due)
    USING v_now, p_busy_account_ids, p_busy_hosts, p_busy_proven, p_of_account, p_of_proven_host, p_of_unproven_host,
      p_proven, p_unproven
  LOOP
    UPDATE webhooks w SET lease = p_lease, leased_until = v_leased_until
    WHERE w.account_id = v_chosen.account_id AND w.id = v_chosen.id
      AND w.due_at <= v_now AND (w.leased_until IS NULL OR w.leased_until <= v_now)
    RETURNING * INTO v_webhook;
    CONTINUE WHEN NOT FOUND;
    RETURN QUERY SELECT v_webhook.account_id, v_webhook.id, v_chosen.host, v_chosen.is_proven, v_webhook.lease, v_webhook.url,
      array_to_json(v_webhook.kinds), v_webhook.sealed_secret, v_webhook.position, v_webhook.attempts,
      v_webhook.failing_since, v_webhook.is_redelivery_asked, v_now, v_settled, v_webhook.channel_kind, v_webhook.language,
      v_webhook.notice, v_webhook.batch_end, v_webhook.newest_position;
  END LOOP;
END $$;

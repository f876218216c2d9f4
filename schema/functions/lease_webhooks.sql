-- Leases webhooks and channels that are due, each to one server: those that have taken what they were sent last before those
-- that have not, and of each kind those longest due first, p_proven and p_unproven of them at most. The first three arrays are
-- what the server delivers to at present, which counts for the places that an account and a host have.
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
BEGIN
  RETURN QUERY
    WITH busy AS (
      SELECT * FROM unnest(p_busy_account_ids, p_busy_hosts, p_busy_proven) AS busy (account_id, host, is_proven)
    ), due AS (
      SELECT account_id, id, due_at, coalesce(host_digest, split_part(url, '/', 3)) AS host,
        last_delivered_at IS NOT NULL AND attempts = 0 AS is_proven
      FROM webhooks
      WHERE due_at <= v_now AND (leased_until IS NULL OR leased_until <= v_now)
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
      WHERE of_account <= p_of_account
        AND of_host <= CASE WHEN is_proven THEN p_of_proven_host ELSE p_of_unproven_host END
    ), chosen AS (
      SELECT w.account_id, w.id, placed.host, placed.is_proven
      FROM webhooks w JOIN placed ON placed.account_id = w.account_id AND placed.id = w.id
      WHERE of_kind <= CASE WHEN placed.is_proven THEN p_proven ELSE p_unproven END
        AND w.due_at <= v_now AND (w.leased_until IS NULL OR w.leased_until <= v_now)
      FOR UPDATE OF w SKIP LOCKED
    )
    UPDATE webhooks
    SET lease = p_lease, leased_until = v_now + make_interval(secs => p_lease_seconds)
    FROM chosen
    WHERE webhooks.account_id = chosen.account_id AND webhooks.id = chosen.id
    RETURNING webhooks.account_id, webhooks.id, host, is_proven, lease, url, array_to_json(kinds), sealed_secret,
      position, attempts, failing_since, is_redelivery_asked, v_now, greatest(settled_clock(), 'epoch'),
      channel_kind, language, notice, batch_end, newest_position;
END $$;

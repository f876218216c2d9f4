SET LOCAL check_function_bodies = off;
--> statement-breakpoint
-- Counts what is due and waits, each up to p_most: deadlines that nobody took p_overdue_seconds ago, and webhooks.
CREATE OR REPLACE FUNCTION count_backlog(p_overdue_seconds integer, p_most integer)
RETURNS TABLE (deadlines integer, webhooks integer) LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  RETURN QUERY SELECT
    (SELECT count(*)::integer FROM (
      SELECT FROM deadlines d
      WHERE d.taken_at IS NULL AND d.due_at <= v_now - make_interval(secs => p_overdue_seconds)
      LIMIT p_most) AS overdue),
    (SELECT count(*)::integer FROM (
      SELECT FROM webhooks w
      WHERE w.due_at <= v_now AND (w.leased_until IS NULL OR w.leased_until <= v_now)
      LIMIT p_most) AS due);
END $$;
--> statement-breakpoint
-- Deletes an account and everything that is stored of it. Its id stays, so that nobody gets its name. Application servers that
-- follow its keys are told that they are destroyed: those changes are theirs, and stay. Returns whether there was one.
CREATE OR REPLACE FUNCTION delete_account(p_account_id uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_key text;
BEGIN
  PERFORM pg_advisory_xact_lock(management_keys_lock(id)) FROM accounts WHERE id = p_account_id;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM nonces WHERE principal_id = p_account_id;
  -- By their ids: the directory has no other index.
  FOR v_key IN SELECT id FROM management_keys WHERE account_id = p_account_id ORDER BY id LOOP
    DELETE FROM management_key_owners WHERE management_key_id = v_key AND account_id = p_account_id;
    PERFORM pg_notify('claviger_revoked', v_key);
  END LOOP;
  DELETE FROM management_keys WHERE account_id = p_account_id;
  DELETE FROM acquisitions WHERE account_id = p_account_id;
  PERFORM 1 FROM transaction_key_usage WHERE account_id = p_account_id ORDER BY transaction_key_id FOR UPDATE;
  DELETE FROM wrapped_keys WHERE account_id = p_account_id;
  DELETE FROM deadlines WHERE account_id = p_account_id;
  PERFORM 1 FROM accounts WHERE id = p_account_id FOR UPDATE;
  DELETE FROM alerts WHERE account_id = p_account_id;
  DELETE FROM webhooks WHERE account_id = p_account_id;
  DELETE FROM mismatches WHERE account_id = p_account_id;
  DELETE FROM confirmations WHERE account_id = p_account_id;
  DELETE FROM audit_pending WHERE account_id = p_account_id;
  DELETE FROM audit_entries WHERE account_id = p_account_id;
  DELETE FROM audit_chains WHERE account_id = p_account_id;
  DELETE FROM invitations WHERE account_id = p_account_id;
  PERFORM record_changes_of_account(p_account_id, 'DESTROYED');
  DELETE FROM transaction_key_usage WHERE account_id = p_account_id;
  DELETE FROM transaction_keys WHERE account_id = p_account_id;
  DELETE FROM account_usage WHERE account_id = p_account_id;
  DELETE FROM accounts WHERE id = p_account_id;
  INSERT INTO deleted_accounts (account_id) VALUES (p_account_id) ON CONFLICT DO NOTHING;
  RETURN true;
END $$;
--> statement-breakpoint
-- Whether an application server's key is proved and not revoked.
CREATE OR REPLACE FUNCTION is_active_application_server_key(p_application_server_id uuid, p_key_id text)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM application_server_keys
    WHERE id = p_key_id AND application_server_id = p_application_server_id
      AND proof IS NOT NULL AND revoked_at IS NULL);
END $$;
--> statement-breakpoint
-- Whether a management key is active, for a request whose nonce was consumed before: a request outlives the moment in which
-- it was checked, and its key may be revoked meanwhile, even by the request itself.
CREATE OR REPLACE FUNCTION is_active_management_key(p_account_id uuid, p_management_key_id text)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM management_keys
    WHERE account_id = p_account_id AND id = p_management_key_id AND revoked_at IS NULL AND suspended_at IS NULL);
END $$;
--> statement-breakpoint
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
--> statement-breakpoint
-- Looks up a public key for each of several questions, and answers in their order: the state of the owner's transaction key that it
-- belongs to, or null when there is none. An unknown key takes the path of a known one.
CREATE OR REPLACE FUNCTION look_up_public_keys(p_account_ids uuid[], p_application_servers text[], p_thumbprints text[])
RETURNS TABLE (
  state text, not_before timestamptz, expires_at timestamptz, certificate text, possession text, revocation text,
  checked_at timestamptz
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := statement_timestamp();
BEGIN
  RETURN QUERY
    SELECT
      CASE WHEN k.id IS NOT NULL THEN transaction_key_state(u.revoked_at, k.not_before, k.expires_at, v_now) END,
      k.not_before, k.expires_at, k.certificate, k.possession, k.revocation, v_now
    FROM unnest(p_account_ids, p_application_servers, p_thumbprints)
      WITH ORDINALITY AS asked (account_id, application_server, thumbprint, place)
    LEFT JOIN accounts a ON a.id = asked.account_id AND a.suspended_at IS NULL
    LEFT JOIN transaction_keys k
      ON k.account_id = a.id AND k.application_server = asked.application_server AND k.thumbprint = asked.thumbprint
    LEFT JOIN transaction_key_usage u ON u.account_id = k.account_id AND u.transaction_key_id = k.id
    ORDER BY asked.place;
END $$;
--> statement-breakpoint
-- The application servers of accounts, at most p_batch, of which presented keys have waited for p_after_seconds to be told
-- together, and none were told together within p_every_seconds.
CREATE OR REPLACE FUNCTION mismatches_to_sum_up(p_after_seconds integer, p_every_seconds integer, p_batch integer)
RETURNS TABLE (account_id uuid, application_server text) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  RETURN QUERY
    SELECT account_id, application_server FROM mismatches waiting
    WHERE telling = 'WAITING'
    GROUP BY account_id, application_server
    HAVING min(alerted_at) <= v_now - make_interval(secs => p_after_seconds)
      AND NOT EXISTS (
        SELECT FROM mismatches m
        WHERE m.account_id = waiting.account_id AND m.application_server = waiting.application_server
          AND m.telling = 'SUMMED_UP'
          AND m.alerted_at > v_now - make_interval(secs => p_every_seconds))
    LIMIT p_batch;
END $$;
--> statement-breakpoint
-- Opens a pairing for p_seconds, unless p_most are open. One that is open already stays as it is. Returns whether it was opened.
CREATE OR REPLACE FUNCTION open_pairing(p_id text, p_payload text, p_seconds integer, p_most integer)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  INSERT INTO pairings (id, payload, opened_at, expires_at)
  SELECT p_id, p_payload, v_now, v_now + make_interval(secs => p_seconds)
  WHERE (SELECT count(*) FROM (SELECT FROM pairings WHERE expires_at > v_now LIMIT p_most) AS open) < p_most
  ON CONFLICT (id) DO NOTHING;
  RETURN FOUND;
END $$;
--> statement-breakpoint
-- Forgets at most p_batch acquisitions whose ids are remembered for p_hours. Returns how many.
CREATE OR REPLACE FUNCTION prune_acquisitions(p_hours integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_before timestamptz := settled_clock() - make_interval(hours => p_hours);
  v_removed integer;
BEGIN
  DELETE FROM acquisitions WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM acquisitions WHERE acquired_at < v_before LIMIT p_batch));
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  RETURN v_removed;
END $$;
--> statement-breakpoint
-- Removes keys of application servers that were not proved within p_days, about p_batch of them, the operator's word for keys that
-- were not registered, and application servers without a key. Returns how many keys were removed.
CREATE OR REPLACE FUNCTION prune_application_servers(p_days integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_before timestamptz := settled_clock() - make_interval(days => p_days);
  v_removed integer;
BEGIN
  DELETE FROM application_server_keys WHERE id = ANY (ARRAY(
    SELECT id FROM application_server_keys WHERE proof IS NULL AND registered_at < v_before LIMIT p_batch));
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  DELETE FROM application_server_approvals WHERE approved_at < v_before;
  DELETE FROM application_servers s
  WHERE proved_at IS NULL AND created_at < v_before
    AND NOT EXISTS (SELECT FROM application_server_keys k WHERE k.application_server_id = s.id);
  RETURN v_removed;
END $$;
--> statement-breakpoint
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
--> statement-breakpoint
-- Removes presented keys that may be told of again. One of an hour that lies ahead was told of while the clock was wrong: it is to
-- silence the next one no longer than an hour. Few rows by design: some for each owner and hour.
CREATE OR REPLACE FUNCTION prune_mismatches() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_before timestamptz := settled_clock() - interval '1 hour';
BEGIN
  DELETE FROM mismatches
  WHERE (alerted_at < v_before AND telling <> 'WAITING') OR alerted_at > v_now + interval '1 minute';
END $$;
--> statement-breakpoint
-- Removes at most p_batch pairings whose time is over. Returns how many.
CREATE OR REPLACE FUNCTION prune_pairings(p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_before timestamptz := settled_clock();
  v_removed integer;
BEGIN
  DELETE FROM pairings WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM pairings WHERE expires_at < v_before LIMIT p_batch));
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  RETURN v_removed;
END $$;
--> statement-breakpoint
-- Removes at most p_batch rates that are refilled, or that a wrong clock has filled far ahead. Returns how many.
CREATE OR REPLACE FUNCTION prune_rates(p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_removed integer;
BEGIN
  DELETE FROM rates WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM rates WHERE full_at < v_now OR full_at > v_now + interval '1 day' LIMIT p_batch));
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  RETURN v_removed;
END $$;
--> statement-breakpoint
-- Removes the server's own keys a day after they were retired. One row for each rotation.
CREATE OR REPLACE FUNCTION prune_server_keys() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_before timestamptz := settled_clock() - interval '1 day';
BEGIN
  DELETE FROM server_keys WHERE retired_at < v_before;
END $$;
--> statement-breakpoint
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
--> statement-breakpoint
-- Keeps presented keys that wait to be told together, unless they wait already or were told of within the hour.
CREATE OR REPLACE FUNCTION record_waiting_mismatches(p_account_ids uuid[], p_application_servers text[], p_thumbprints text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_hour_ago timestamptz := v_now - interval '1 hour';
BEGIN
  -- In one order, so that two servers do not wait for each other.
  INSERT INTO mismatches AS m (account_id, application_server, presented_thumbprint, alerted_at, telling)
  SELECT DISTINCT account_id, application_server, thumbprint, v_now, 'WAITING'::mismatch_telling
  FROM unnest(p_account_ids, p_application_servers, p_thumbprints) AS beyond (account_id, application_server, thumbprint)
  ORDER BY account_id, application_server, thumbprint
  ON CONFLICT (account_id, application_server, presented_thumbprint) DO UPDATE
  SET alerted_at = excluded.alerted_at, telling = 'WAITING'
  WHERE m.alerted_at <= v_hour_ago AND m.telling <> 'WAITING';
END $$;
--> statement-breakpoint
-- Finds those of many presented keys that an owner is to be told of: the keys of an application server that the account has keys
-- for, that are none of these, and that were not told within the hour. Returns their places, from 1 on, and whether each is told
-- alone: p_alone of an application server are in an hour, and p_waiting at most wait to be told together.
CREATE OR REPLACE FUNCTION select_due_mismatches(
  p_account_ids uuid[], p_application_servers text[], p_thumbprints text[], p_alone integer, p_waiting integer
) RETURNS TABLE (place integer, is_alone boolean) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  v_hour_ago timestamptz := clock_timestamp() - interval '1 hour';
BEGIN
  RETURN QUERY
    WITH strange AS (
      SELECT *, row_number() OVER (PARTITION BY account_id, application_server ORDER BY place) AS rank
      FROM unnest(p_account_ids, p_application_servers, p_thumbprints)
        WITH ORDINALITY AS asked (account_id, application_server, thumbprint, place)
      WHERE EXISTS (
          SELECT FROM transaction_keys k
          WHERE k.account_id = asked.account_id AND k.application_server = asked.application_server)
        AND NOT EXISTS (
          SELECT FROM transaction_keys k
          WHERE k.account_id = asked.account_id AND k.application_server = asked.application_server
            AND k.thumbprint = asked.thumbprint)
        AND NOT EXISTS (
          SELECT FROM mismatches m
          WHERE m.account_id = asked.account_id AND m.application_server = asked.application_server
            AND m.presented_thumbprint = asked.thumbprint
            AND (m.telling = 'WAITING' OR m.alerted_at > v_hour_ago))
    ), counted AS (
      SELECT place,
        rank + (
          SELECT count(*) FROM mismatches m
          WHERE m.account_id = strange.account_id AND m.application_server = strange.application_server
            AND m.telling = 'ALERTED' AND m.alerted_at > v_hour_ago) AS told,
        rank + (
          SELECT count(*) FROM mismatches m
          WHERE m.account_id = strange.account_id AND m.application_server = strange.application_server
            AND m.telling = 'WAITING') AS waiting
      FROM strange
    )
    SELECT place::integer, told <= p_alone
    FROM counted
    WHERE told <= p_alone OR waiting <= p_waiting
    ORDER BY place;
END $$;

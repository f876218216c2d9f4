-- Derived from the migrations by `npm run schema:sql`. Read it, change schema/tables/ and schema/functions/.

CREATE TYPE acquisition_purpose AS ENUM (
  'USE',
  'REWRAP',
  'EXPORT'
);

CREATE TYPE alert_kind AS ENUM (
  'KEY_EXPIRING',
  'KEY_EXPIRED',
  'KEY_OVERUSED',
  'KEY_REVOKED',
  'PUBLIC_KEY_MISMATCH',
  'MANAGEMENT_KEY_ADDED',
  'MANAGEMENT_KEY_REVOKED',
  'KEYS_REWRAPPED',
  'KEYS_EXPORTED',
  'CHANNEL_CHANGED'
);

CREATE TYPE application_server_proof AS ENUM (
  'WELL_KNOWN',
  'OPERATOR'
);

CREATE TYPE audit_action AS ENUM (
  'ACCOUNT_OPENED',
  'MANAGEMENT_KEY_ADDED',
  'MANAGEMENT_KEY_REVOKED',
  'KEY_STORED',
  'KEY_ACQUIRED',
  'KEY_UPDATED',
  'KEY_REWRAPPED',
  'KEY_REVOKED',
  'KEY_DESTROYED',
  'ALERTS_ACKNOWLEDGED',
  'WEBHOOK_CHANGED'
);

CREATE TYPE channel_kind AS ENUM (
  'EMAIL',
  'SLACK',
  'TEAMS',
  'DISCORD',
  'NTFY'
);

CREATE TYPE channel_language AS ENUM (
  'EN',
  'DE'
);

CREATE TYPE channel_notice AS ENUM (
  'CONFIRMATION',
  'FAREWELL'
);

CREATE TYPE key_change_kind AS ENUM (
  'REVOKED',
  'DESTROYED',
  'SUPERSEDED',
  'TERM_CHANGED',
  'EXPIRED'
);

CREATE TYPE management_key_kind AS ENUM (
  'DEVICE',
  'RECOVERY',
  'VIEWER'
);

CREATE TYPE mismatch_telling AS ENUM (
  'ALERTED',
  'WAITING',
  'SUMMED_UP'
);

CREATE TYPE overuse_policy AS ENUM (
  'NOTIFY',
  'REFUSE'
);

CREATE TYPE revocation_reason AS ENUM (
  'UNSPECIFIED',
  'COMPROMISED',
  'SUPERSEDED',
  'CESSATION'
);

CREATE SEQUENCE proof_tickets AS bigint INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;

CREATE TABLE account_usage (
  account_id uuid NOT NULL,
  transaction_keys integer NOT NULL,
  stored_bytes bigint NOT NULL,
  transaction_keys_max integer,
  management_keys_max integer,
  webhooks_max integer,
  stored_bytes_max integer,
  CONSTRAINT account_usage_pkey PRIMARY KEY (account_id),
  CONSTRAINT account_usage_account_id_accounts_id_fk FOREIGN KEY (account_id) REFERENCES accounts(id)
);

CREATE TABLE accounts (
  id uuid NOT NULL,
  name text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  alert_position bigint NOT NULL DEFAULT 0,
  alert_low_water_mark bigint NOT NULL DEFAULT 0,
  alert_low_water_mark_at timestamp(3) with time zone,
  suspended_at timestamp(3) with time zone,
  CONSTRAINT accounts_pkey PRIMARY KEY (id)
) WITH (fillfactor=70);

CREATE TABLE acquisitions (
  account_id uuid NOT NULL,
  idempotency_scope text NOT NULL,
  transaction_key_id uuid NOT NULL,
  acquisition_id uuid NOT NULL,
  acquired_at timestamp(3) with time zone NOT NULL,
  CONSTRAINT acquisitions_account_id_idempotency_scope_transaction_key_id_ac PRIMARY KEY (account_id, idempotency_scope, transaction_key_id, acquisition_id)
);

CREATE TABLE alerts (
  account_id uuid NOT NULL,
  "position" bigint NOT NULL,
  kind alert_kind NOT NULL,
  occurred_at timestamp(3) with time zone NOT NULL,
  acknowledged_at timestamp(3) with time zone,
  transaction_key_id uuid,
  management_key_id text,
  details jsonb NOT NULL,
  CONSTRAINT alerts_account_id_position_pk PRIMARY KEY (account_id, "position"),
  CONSTRAINT alerts_account_id_accounts_id_fk FOREIGN KEY (account_id) REFERENCES accounts(id)
);

CREATE TABLE application_server_approvals (
  key_id text NOT NULL,
  name text NOT NULL,
  approved_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  CONSTRAINT application_server_approvals_pkey PRIMARY KEY (key_id)
);

CREATE TABLE application_server_keys (
  id text NOT NULL,
  application_server_id uuid NOT NULL,
  signing_key jsonb NOT NULL,
  registered_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  proof application_server_proof,
  revoked_at timestamp(3) with time zone,
  CONSTRAINT application_server_keys_pkey PRIMARY KEY (id),
  CONSTRAINT application_server_keys_application_server_id_application_serve FOREIGN KEY (application_server_id) REFERENCES application_servers(id)
);

CREATE TABLE application_servers (
  id uuid NOT NULL,
  name text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  proved_at timestamp(3) with time zone,
  proof_ticket bigint NOT NULL DEFAULT 0,
  change_position bigint NOT NULL DEFAULT 0,
  change_low_water_mark bigint NOT NULL DEFAULT 0,
  change_low_water_mark_at timestamp(3) with time zone,
  CONSTRAINT application_servers_pkey PRIMARY KEY (id)
);

CREATE TABLE audit_chains (
  account_id uuid NOT NULL,
  sequence bigint NOT NULL DEFAULT 0,
  hash bytea NOT NULL DEFAULT decode(repeat('00'::text, 32), 'hex'::text),
  sealed_at timestamp(3) with time zone,
  pruned_sequence bigint NOT NULL DEFAULT 0,
  pruned_hash bytea NOT NULL DEFAULT decode(repeat('00'::text, 32), 'hex'::text),
  oldest_at timestamp(3) with time zone,
  CONSTRAINT audit_chains_pkey PRIMARY KEY (account_id)
);

CREATE TABLE audit_entries (
  account_id uuid NOT NULL,
  sequence bigint NOT NULL,
  id uuid NOT NULL,
  occurred_at timestamp(3) with time zone NOT NULL,
  action audit_action NOT NULL,
  code text,
  purpose acquisition_purpose,
  management_key_id text NOT NULL,
  transaction_key_id uuid,
  affected_management_key_id text,
  address text,
  hash bytea NOT NULL,
  CONSTRAINT audit_entries_account_id_sequence_pk PRIMARY KEY (account_id, sequence)
);

CREATE TABLE audit_pending (
  account_id uuid NOT NULL,
  "position" bigint NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  occurred_at timestamp(3) with time zone NOT NULL,
  action audit_action NOT NULL,
  code text,
  purpose acquisition_purpose,
  management_key_id text NOT NULL,
  transaction_key_id uuid,
  affected_management_key_id text,
  address text,
  CONSTRAINT audit_pending_account_id_position_pk PRIMARY KEY (account_id, "position")
);

CREATE TABLE blocked_addresses (
  address_digest text NOT NULL,
  blocked_at timestamp(3) with time zone NOT NULL,
  CONSTRAINT blocked_addresses_pkey PRIMARY KEY (address_digest)
);

CREATE TABLE clock_sightings (
  elapsed_ms bigint NOT NULL,
  clock timestamp(3) with time zone NOT NULL,
  CONSTRAINT clock_sightings_pkey PRIMARY KEY (elapsed_ms)
);

CREATE TABLE confirmations (
  account_id uuid NOT NULL,
  id uuid NOT NULL,
  address_digest text NOT NULL,
  requested_at timestamp(3) with time zone NOT NULL,
  CONSTRAINT confirmations_account_id_id_pk PRIMARY KEY (account_id, id)
);

CREATE TABLE deadlines (
  account_id uuid NOT NULL,
  transaction_key_id uuid NOT NULL,
  notice_seconds integer NOT NULL,
  due_at timestamp(3) with time zone NOT NULL,
  expires_at timestamp(3) with time zone NOT NULL,
  taken_at timestamp(3) with time zone,
  CONSTRAINT deadlines_account_id_transaction_key_id_notice_seconds_pk PRIMARY KEY (account_id, transaction_key_id, notice_seconds),
  CONSTRAINT deadlines_account_id_transaction_key_id_transaction_keys_accoun FOREIGN KEY (account_id, transaction_key_id) REFERENCES transaction_keys(account_id, id)
);

CREATE TABLE deleted_accounts (
  account_id uuid NOT NULL,
  CONSTRAINT deleted_accounts_pkey PRIMARY KEY (account_id)
);

CREATE TABLE forgotten_nonces (
  id boolean NOT NULL DEFAULT true,
  expires_at timestamp(3) with time zone NOT NULL,
  CONSTRAINT forgotten_nonces_pkey PRIMARY KEY (id)
);

CREATE TABLE invitations (
  hash text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  expires_at timestamp(3) with time zone NOT NULL,
  account_id uuid,
  is_revoked boolean NOT NULL DEFAULT false,
  CONSTRAINT invitations_pkey PRIMARY KEY (hash)
);

CREATE TABLE key_change_outbox (
  account_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  application_server_id uuid NOT NULL,
  kind key_change_kind NOT NULL,
  recorded_at timestamp with time zone NOT NULL,
  place integer NOT NULL,
  thumbprint text NOT NULL,
  expires_at timestamp(3) with time zone,
  CONSTRAINT key_change_outbox_account_id_id_pk PRIMARY KEY (account_id, id)
);

CREATE TABLE key_changes (
  application_server_id uuid NOT NULL,
  "position" bigint NOT NULL,
  kind key_change_kind NOT NULL,
  occurred_at timestamp(3) with time zone NOT NULL,
  thumbprint text NOT NULL,
  expires_at timestamp(3) with time zone,
  CONSTRAINT key_changes_application_server_id_position_pk PRIMARY KEY (application_server_id, "position"),
  CONSTRAINT key_changes_application_server_id_application_servers_id_fk FOREIGN KEY (application_server_id) REFERENCES application_servers(id)
);

CREATE TABLE management_key_owners (
  management_key_id text NOT NULL,
  account_id uuid NOT NULL,
  signing_key jsonb NOT NULL,
  is_viewer boolean NOT NULL,
  CONSTRAINT management_key_owners_pkey PRIMARY KEY (management_key_id)
);

CREATE TABLE management_keys (
  account_id uuid NOT NULL,
  id text NOT NULL,
  label text NOT NULL,
  kind management_key_kind NOT NULL,
  signing_key jsonb NOT NULL,
  wrapping_key jsonb,
  endorsement text,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  last_used_at timestamp(3) with time zone,
  revoked_at timestamp(3) with time zone,
  revocation text,
  suspended_at timestamp(3) with time zone,
  CONSTRAINT management_keys_account_id_id_pk PRIMARY KEY (account_id, id),
  CONSTRAINT management_keys_account_id_accounts_id_fk FOREIGN KEY (account_id) REFERENCES accounts(id)
);

CREATE TABLE mismatches (
  account_id uuid NOT NULL,
  application_server text NOT NULL,
  presented_thumbprint text NOT NULL,
  alerted_at timestamp(3) with time zone NOT NULL,
  telling mismatch_telling NOT NULL DEFAULT 'ALERTED'::mismatch_telling,
  CONSTRAINT mismatches_account_id_application_server_presented_thumbprint_p PRIMARY KEY (account_id, application_server, presented_thumbprint)
);

CREATE TABLE nonces (
  principal_id uuid NOT NULL,
  key_id text NOT NULL,
  nonce text NOT NULL,
  expires_at timestamp(3) with time zone NOT NULL,
  CONSTRAINT nonces_principal_id_key_id_nonce_pk PRIMARY KEY (principal_id, key_id, nonce)
);

CREATE TABLE pairings (
  id text NOT NULL,
  payload text NOT NULL,
  answer text,
  opened_at timestamp(3) with time zone NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamp(3) with time zone NOT NULL,
  CONSTRAINT pairings_pkey PRIMARY KEY (id)
);

CREATE TABLE rates (
  limit_name text NOT NULL,
  client text NOT NULL,
  full_at timestamp(3) with time zone NOT NULL,
  CONSTRAINT rates_limit_name_client_pk PRIMARY KEY (limit_name, client)
);

CREATE TABLE server_keys (
  id text NOT NULL,
  public_key jsonb NOT NULL,
  sealed_private_key text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  is_prepared boolean NOT NULL DEFAULT false,
  retired_at timestamp(3) with time zone,
  CONSTRAINT server_keys_pkey PRIMARY KEY (id)
);

CREATE TABLE transaction_key_usage (
  account_id uuid NOT NULL,
  transaction_key_id uuid NOT NULL,
  max_uses integer,
  overuse_policy overuse_policy NOT NULL,
  revoked_at timestamp(3) with time zone,
  revocation_reason revocation_reason,
  use_count integer NOT NULL DEFAULT 0,
  refused_count integer NOT NULL DEFAULT 0,
  last_used_at timestamp(3) with time zone,
  refused_beyond_limit integer NOT NULL DEFAULT 0,
  next_alert_excess bigint NOT NULL DEFAULT 1,
  CONSTRAINT transaction_key_usage_account_id_transaction_key_id_pk PRIMARY KEY (account_id, transaction_key_id),
  CONSTRAINT transaction_key_usage_account_id_transaction_key_id_transaction FOREIGN KEY (account_id, transaction_key_id) REFERENCES transaction_keys(account_id, id)
) WITH (fillfactor=70);

CREATE TABLE transaction_keys (
  account_id uuid NOT NULL,
  id uuid NOT NULL,
  application_server text NOT NULL,
  label text,
  public_key jsonb,
  thumbprint text,
  not_before timestamp(3) with time zone,
  expires_at timestamp(3) with time zone,
  expiry_notices integer[] NOT NULL,
  has_default_notices boolean NOT NULL,
  certificate text,
  revocation text,
  content_hash bytea NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  possession text,
  CONSTRAINT transaction_keys_account_id_id_pk PRIMARY KEY (account_id, id),
  CONSTRAINT transaction_keys_account_id_accounts_id_fk FOREIGN KEY (account_id) REFERENCES accounts(id)
);

CREATE TABLE webhook_dead_letters (
  account_id uuid NOT NULL,
  webhook_id uuid NOT NULL,
  "position" bigint NOT NULL,
  failed_at timestamp(3) with time zone NOT NULL,
  failure text NOT NULL,
  is_redelivery_asked boolean NOT NULL DEFAULT false,
  CONSTRAINT webhook_dead_letters_account_id_webhook_id_position_pk PRIMARY KEY (account_id, webhook_id, "position"),
  CONSTRAINT webhook_dead_letters_account_id_webhook_id_webhooks_account_id_ FOREIGN KEY (account_id, webhook_id) REFERENCES webhooks(account_id, id) ON DELETE CASCADE
);

CREATE TABLE webhooks (
  account_id uuid NOT NULL,
  id uuid NOT NULL,
  url text,
  kinds alert_kind[],
  sealed_secret text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  "position" bigint NOT NULL,
  newest_position bigint NOT NULL,
  due_at timestamp(3) with time zone,
  lease uuid,
  leased_until timestamp(3) with time zone,
  attempts integer NOT NULL DEFAULT 0,
  failing_since timestamp(3) with time zone,
  failure text,
  last_delivered_at timestamp(3) with time zone,
  disabled_at timestamp(3) with time zone,
  is_redelivery_asked boolean NOT NULL DEFAULT false,
  channel_kind channel_kind,
  target_digest text,
  host_digest text,
  language channel_language,
  notice channel_notice,
  notice_expires_at timestamp(3) with time zone,
  batch_end bigint,
  paused_until timestamp(3) with time zone,
  CONSTRAINT webhooks_target UNIQUE (account_id, target_digest),
  CONSTRAINT webhooks_url UNIQUE (account_id, url),
  CONSTRAINT webhooks_account_id_id_pk PRIMARY KEY (account_id, id),
  CONSTRAINT webhooks_account_id_accounts_id_fk FOREIGN KEY (account_id) REFERENCES accounts(id),
  CONSTRAINT webhooks_kind CHECK (((url IS NULL) = (channel_kind IS NOT NULL)))
);

CREATE TABLE wrapped_keys (
  account_id uuid NOT NULL,
  transaction_key_id uuid NOT NULL,
  management_key_id text NOT NULL,
  jwe text NOT NULL,
  CONSTRAINT wrapped_keys_account_id_transaction_key_id_management_key_id_pk PRIMARY KEY (account_id, transaction_key_id, management_key_id),
  CONSTRAINT wrapped_keys_account_id_transaction_key_id_transaction_keys_acc FOREIGN KEY (account_id, transaction_key_id) REFERENCES transaction_keys(account_id, id)
);

CREATE INDEX acquisitions_oldest ON acquisitions USING btree (acquired_at);

CREATE INDEX alerts_oldest ON alerts USING btree (occurred_at);

CREATE INDEX alerts_unacknowledged ON alerts USING btree (account_id, "position") WHERE (acknowledged_at IS NULL);

CREATE INDEX application_server_keys_of_server ON application_server_keys USING btree (application_server_id);

CREATE INDEX application_servers_name ON application_servers USING btree (name);

CREATE INDEX audit_chains_oldest ON audit_chains USING btree (oldest_at);

CREATE INDEX confirmations_account ON confirmations USING btree (account_id, requested_at);

CREATE INDEX confirmations_address ON confirmations USING btree (address_digest, requested_at);

CREATE INDEX confirmations_oldest ON confirmations USING btree (requested_at);

CREATE INDEX deadlines_due ON deadlines USING btree (due_at) WHERE (taken_at IS NULL);

CREATE INDEX deadlines_taken ON deadlines USING btree (due_at) WHERE (taken_at IS NOT NULL);

CREATE INDEX invitations_expired ON invitations USING btree (expires_at);

CREATE INDEX key_changes_oldest ON key_changes USING btree (occurred_at);

CREATE INDEX nonces_expired ON nonces USING btree (expires_at);

CREATE INDEX pairings_expired ON pairings USING btree (expires_at);

CREATE INDEX rates_full ON rates USING btree (full_at);

CREATE INDEX transaction_keys_newest ON transaction_keys USING btree (account_id, created_at, id);

CREATE UNIQUE INDEX transaction_keys_public_key ON transaction_keys USING btree (account_id, application_server, thumbprint);

CREATE INDEX webhooks_due ON webhooks USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE OR REPLACE FUNCTION acquire_wrapped_key_group(p_account_ids uuid[], p_management_key_ids text[], p_nonces text[], p_created bigint[], p_expires bigint[], p_transaction_key_ids uuid[], p_acquisition_ids uuid[], p_addresses text[], p_acquisition_hours integer, p_waits boolean)
 RETURNS TABLE(place integer, outcome text, wrapped_key text)
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
  -- An id that is forgotten counts anew, so the hours must have passed for certain.
  v_forgotten timestamptz;
  v_signed integer[];
  v_refused integer[];
  v_refusals text[];
  v_new integer[];
  v_alone integer[] := '{}';
  v_held integer[];
BEGIN
  SELECT array_agg(c.place) FILTER (WHERE c.outcome = 'GRANTED'),
    array_agg(c.place) FILTER (WHERE c.outcome <> 'GRANTED'),
    array_agg(c.outcome) FILTER (WHERE c.outcome <> 'GRANTED')
  INTO v_signed, v_refused, v_refusals
  FROM consume_management_key_nonce_group(
    p_account_ids, p_management_key_ids, p_nonces, p_created, p_expires, p_waits) AS c;
  RETURN QUERY
    SELECT refused.place, refused.refusal, NULL::text
    FROM unnest(v_refused, v_refusals) AS refused (place, refusal);
  IF v_signed IS NULL THEN
    RETURN;
  END IF;

  -- Requests that are no repetition.
  IF array_remove(p_acquisition_ids, NULL) = '{}' THEN
    v_new := v_signed;
  ELSE
    v_forgotten := settled_clock() - make_interval(hours => p_acquisition_hours);
    WITH asked AS MATERIALIZED (
      SELECT a.*, a.acquisition_id IS NOT NULL AND row_number() OVER (
        PARTITION BY a.account_id, a.management_key_id, a.transaction_key_id, a.acquisition_id ORDER BY a.place) > 1 AS is_copy
      FROM unnest(p_account_ids, p_management_key_ids, p_transaction_key_ids, p_acquisition_ids)
        WITH ORDINALITY AS a (account_id, management_key_id, transaction_key_id, acquisition_id, place)
      WHERE a.place = ANY (v_signed)
    ), remembered AS (
      INSERT INTO acquisitions AS r (account_id, idempotency_scope, transaction_key_id, acquisition_id, acquired_at)
      SELECT account_id, management_key_id, transaction_key_id, acquisition_id, v_now
      FROM asked
      WHERE acquisition_id IS NOT NULL AND NOT is_copy
      ORDER BY account_id, management_key_id, transaction_key_id, acquisition_id
      ON CONFLICT (account_id, idempotency_scope, transaction_key_id, acquisition_id)
      DO UPDATE SET acquired_at = excluded.acquired_at
      WHERE r.acquired_at < v_forgotten
      RETURNING r.account_id, r.idempotency_scope, r.transaction_key_id, r.acquisition_id
    )
    SELECT coalesce(array_agg(asked.place) FILTER (
        WHERE NOT is_copy AND (asked.acquisition_id IS NULL OR r.account_id IS NOT NULL)), '{}'),
      coalesce(array_agg(asked.place) FILTER (WHERE is_copy), '{}')
    INTO v_new, v_alone
    FROM asked
    LEFT JOIN remembered r ON r.account_id = asked.account_id AND r.idempotency_scope = asked.management_key_id
      AND r.transaction_key_id = asked.transaction_key_id AND r.acquisition_id = asked.acquisition_id;
  END IF;

  -- The keys' rows. A statement of its own, so that the next one sees what was committed before the locks.
  IF p_waits THEN
    PERFORM 1 FROM transaction_key_usage
    WHERE account_id = p_account_ids[1] AND transaction_key_id = p_transaction_key_ids[1]
    FOR NO KEY UPDATE;
    v_held := v_signed;
  ELSE
    WITH held AS MATERIALIZED (
      SELECT u.account_id, u.transaction_key_id
      FROM transaction_key_usage u
      JOIN (
        SELECT DISTINCT a.account_id, a.id
        FROM unnest(p_account_ids, p_transaction_key_ids) WITH ORDINALITY AS a (account_id, id, place)
        WHERE a.place = ANY (v_signed)
      ) AS asked ON asked.account_id = u.account_id AND asked.id = u.transaction_key_id
      ORDER BY u.account_id, u.transaction_key_id
      FOR NO KEY UPDATE OF u SKIP LOCKED
    )
    SELECT coalesce(array_agg(a.place), '{}') INTO v_held
    FROM unnest(p_account_ids, p_transaction_key_ids) WITH ORDINALITY AS a (account_id, id, place)
    JOIN held ON held.account_id = a.account_id AND held.transaction_key_id = a.id;
  END IF;

  RETURN QUERY
    WITH asked AS MATERIALIZED (
      SELECT a.*, a.place = ANY (v_new) AS is_new, w.jwe,
        u.use_count, u.max_uses, u.overuse_policy, u.refused_beyond_limit, u.next_alert_excess,
        CASE
          WHEN u.account_id IS NULL THEN 'NOT_FOUND'
          WHEN NOT a.place = ANY (v_held) THEN 'BUSY'
          WHEN a.place = ANY (v_alone) THEN 'ALONE'
          WHEN judged.state = 'REVOKED' THEN 'KEY_REVOKED'
          WHEN w.account_id IS NULL THEN 'NOT_FOUND'
          WHEN judged.state = 'PENDING' THEN 'KEY_NOT_YET_VALID'
        END AS refusal
      FROM unnest(
          p_account_ids, p_management_key_ids, p_nonces, p_transaction_key_ids, p_acquisition_ids, p_addresses
        ) WITH ORDINALITY AS a (account_id, management_key_id, nonce, transaction_key_id, acquisition_id, address, place)
      LEFT JOIN transaction_keys k ON k.account_id = a.account_id AND k.id = a.transaction_key_id
      LEFT JOIN transaction_key_usage u ON u.account_id = a.account_id AND u.transaction_key_id = a.transaction_key_id
      LEFT JOIN wrapped_keys w ON w.account_id = a.account_id AND w.transaction_key_id = a.transaction_key_id
        AND w.management_key_id = a.management_key_id
      CROSS JOIN LATERAL (
        SELECT transaction_key_state(u.revoked_at, k.not_before, k.expires_at, v_now) AS state OFFSET 0) AS judged
      WHERE a.place = ANY (v_signed)
    ), counted AS (
      -- Which of the new uses of its key a request is, and how far beyond the limit: the excess under NOTIFY, and what is
      -- refused beyond it under REFUSE.
      SELECT c.*, CASE
        WHEN c.overuse_policy = 'NOTIFY' THEN c.use_count + c.nth - c.max_uses
        ELSE c.nth - greatest(c.max_uses - c.use_count, 0)
      END AS beyond
      FROM (
        SELECT asked.*, CASE WHEN refusal IS NULL AND is_new THEN
          row_number() OVER (
            PARTITION BY account_id, transaction_key_id, refusal IS NULL AND is_new ORDER BY asked.place)
        END AS nth
        FROM asked
      ) AS c
    ), decided AS MATERIALIZED (
      SELECT counted.*, CASE
        WHEN refusal IS NOT NULL THEN refusal
        WHEN nth IS NULL OR max_uses IS NULL OR beyond <= 0 THEN 'GRANTED'
        WHEN overuse_policy = 'NOTIFY' THEN CASE WHEN beyond >= next_alert_excess THEN 'ALONE' ELSE 'GRANTED' END
        WHEN refused_beyond_limit + beyond >= next_alert_excess THEN 'ALONE'
        ELSE 'KEY_OVERUSED'
      END AS outcome
      FROM counted
    ), used AS (
      UPDATE transaction_key_usage AS u
      SET use_count = least(u.use_count::bigint + each.uses, 2147483647),
          last_used_at = CASE WHEN each.uses > 0 THEN v_now ELSE u.last_used_at END,
          refused_count = least(u.refused_count::bigint + each.refused, 2147483647),
          refused_beyond_limit = least(u.refused_beyond_limit::bigint + each.refused, 2147483647)
      FROM (
        SELECT account_id, transaction_key_id, count(*) FILTER (WHERE outcome = 'GRANTED') AS uses,
          count(*) FILTER (WHERE outcome = 'KEY_OVERUSED') AS refused
        FROM decided
        WHERE nth IS NOT NULL AND outcome IN ('GRANTED', 'KEY_OVERUSED')
        GROUP BY account_id, transaction_key_id
      ) AS each
      WHERE u.account_id = each.account_id AND u.transaction_key_id = each.transaction_key_id
    ), recorded AS (
      INSERT INTO audit_pending (account_id, occurred_at, action, code, purpose, management_key_id, transaction_key_id, address)
      SELECT account_id, v_now, 'KEY_ACQUIRED', nullif(outcome, 'GRANTED'), 'USE', management_key_id, transaction_key_id, address
      FROM decided
      WHERE outcome NOT IN ('BUSY', 'ALONE')
      ORDER BY decided.place
    ), undone AS (
      DELETE FROM nonces AS n USING decided AS d
      WHERE d.outcome IN ('BUSY', 'ALONE')
        AND n.principal_id = d.account_id AND n.key_id = d.management_key_id AND n.nonce = d.nonce
    ), forgotten AS (
      DELETE FROM acquisitions AS r USING decided AS d
      WHERE d.outcome <> 'GRANTED' AND d.is_new AND d.acquisition_id IS NOT NULL
        AND r.account_id = d.account_id AND r.idempotency_scope = d.management_key_id
        AND r.transaction_key_id = d.transaction_key_id AND r.acquisition_id = d.acquisition_id
    )
    SELECT decided.place::integer, decided.outcome, CASE WHEN decided.outcome = 'GRANTED' THEN decided.jwe END
    FROM decided;
END $function$
;

CREATE OR REPLACE FUNCTION acquire_wrapped_keys(p_account_id uuid, p_management_key_id text, p_nonce text, p_created bigint, p_expires bigint, p_transaction_key_ids uuid[], p_purpose text, p_acquisition_id uuid, p_acquisition_hours integer, p_address text)
 RETURNS TABLE(outcome text, key_id uuid, wrapped_key text)
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz := clock_timestamp();
  -- An id that is forgotten counts anew, so the hours must have passed for certain.
  v_forgotten timestamptz := settled_clock() - make_interval(hours => p_acquisition_hours);
  v_is_use boolean := p_purpose = 'USE';
  -- An id is remembered for its purpose: what was acquired for another one is not yet counted, or not yet alerted. The
  -- client chooses the id, so the purpose stands where it has no say; no management key's id has a space.
  v_idempotency_scope text :=
    CASE WHEN p_purpose = 'USE' THEN p_management_key_id ELSE p_purpose || ' ' || p_management_key_id END;
  v_new uuid[] := p_transaction_key_ids;
  v_outcome text;
  v_usage transaction_key_usage;
BEGIN
  -- A revocation of a management key erases the keys that are wrapped for it under this lock. Without the lock they could go
  -- between the decision and the answer: counted or alerted, and not handed out.
  PERFORM take_management_keys_lock(p_account_id, true);

  IF p_nonce IS NOT NULL THEN
    v_outcome := consume_management_key_nonce(p_account_id, p_management_key_id, p_nonce, p_created, p_expires);
  ELSIF is_active_management_key(p_account_id, p_management_key_id) THEN
    v_outcome := 'GRANTED';
  ELSE
    v_outcome := 'SIGNATURE_INVALID';
  END IF;
  IF v_outcome <> 'GRANTED' THEN
    RETURN QUERY SELECT v_outcome, NULL::uuid, NULL::text;
    RETURN;
  END IF;

  -- Keys that this acquisition id has not acquired yet. A concurrent repetition waits here until the first one has ended.
  IF p_acquisition_id IS NOT NULL THEN
    WITH remembered AS (
      INSERT INTO acquisitions AS a (account_id, idempotency_scope, transaction_key_id, acquisition_id, acquired_at)
      SELECT p_account_id, v_idempotency_scope, asked.id, p_acquisition_id, v_now
      FROM unnest(p_transaction_key_ids) AS asked (id)
      ORDER BY asked.id
      ON CONFLICT (account_id, idempotency_scope, transaction_key_id, acquisition_id)
      DO UPDATE SET acquired_at = excluded.acquired_at
      WHERE a.acquired_at < v_forgotten
      RETURNING a.transaction_key_id
    )
    SELECT coalesce(array_agg(transaction_key_id), '{}') INTO v_new FROM remembered;
  END IF;

  PERFORM 1 FROM transaction_key_usage
  WHERE account_id = p_account_id AND transaction_key_id = ANY (p_transaction_key_ids)
  ORDER BY transaction_key_id
  FOR NO KEY UPDATE;

  SELECT decided.refusal INTO v_outcome
  FROM unnest(p_transaction_key_ids) WITH ORDINALITY AS asked (id, place)
  LEFT JOIN transaction_keys k ON k.account_id = p_account_id AND k.id = asked.id
  LEFT JOIN transaction_key_usage u ON u.account_id = p_account_id AND u.transaction_key_id = asked.id
  LEFT JOIN wrapped_keys w ON w.account_id = p_account_id AND w.transaction_key_id = asked.id
    AND w.management_key_id = p_management_key_id
  -- OFFSET 0 has the planner write the rule once, and not at each use: 30 µs.
  CROSS JOIN LATERAL (SELECT transaction_key_state(u.revoked_at, k.not_before, k.expires_at, v_now) AS state OFFSET 0) AS judged
  CROSS JOIN LATERAL (SELECT CASE
    WHEN u.account_id IS NULL THEN 'NOT_FOUND'
    WHEN judged.state = 'REVOKED' THEN 'KEY_REVOKED'
    WHEN w.account_id IS NULL THEN 'NOT_FOUND'
    WHEN NOT v_is_use THEN NULL
    WHEN judged.state = 'PENDING' THEN 'KEY_NOT_YET_VALID'
    WHEN u.overuse_policy = 'REFUSE' AND u.use_count >= u.max_uses AND asked.id = ANY (v_new) THEN 'KEY_OVERUSED'
  END AS refusal) AS decided
  WHERE decided.refusal IS NOT NULL
  ORDER BY asked.place
  LIMIT 1;

  -- v_outcome is the refusal, and null when there is none.
  INSERT INTO audit_pending (account_id, occurred_at, action, code, purpose, management_key_id, transaction_key_id, address)
  SELECT p_account_id, v_now, 'KEY_ACQUIRED', v_outcome, p_purpose::acquisition_purpose, p_management_key_id, asked.id, p_address
  FROM unnest(p_transaction_key_ids) AS asked (id);

  IF v_outcome IS NOT NULL THEN
    IF p_acquisition_id IS NOT NULL THEN
      DELETE FROM acquisitions
      WHERE account_id = p_account_id AND idempotency_scope = v_idempotency_scope
        AND transaction_key_id = ANY (v_new) AND acquisition_id = p_acquisition_id;
    END IF;
    IF v_outcome = 'KEY_OVERUSED' THEN
      FOR v_usage IN
        UPDATE transaction_key_usage
        SET refused_count = least(refused_count::bigint + 1, 2147483647),
            refused_beyond_limit = least(refused_beyond_limit::bigint + 1, 2147483647)
        WHERE account_id = p_account_id AND transaction_key_id = ANY (v_new)
          AND overuse_policy = 'REFUSE' AND use_count >= max_uses
        RETURNING *
      LOOP
        PERFORM raise_overuse_alert(v_usage, v_usage.refused_beyond_limit, true, p_management_key_id);
      END LOOP;
    END IF;
    RETURN QUERY SELECT v_outcome, NULL::uuid, NULL::text;
    RETURN;
  END IF;

  IF v_is_use THEN
    FOR v_usage IN
      UPDATE transaction_key_usage
      SET use_count = least(use_count::bigint + 1, 2147483647), last_used_at = v_now
      WHERE account_id = p_account_id AND transaction_key_id = ANY (v_new)
      RETURNING *
    LOOP
      IF v_usage.use_count > v_usage.max_uses THEN
        PERFORM raise_overuse_alert(v_usage, v_usage.use_count - v_usage.max_uses, false, p_management_key_id);
      END IF;
    END LOOP;
  ELSIF cardinality(v_new) > 0 THEN
    PERFORM raise_alert(
      p_account_id, (CASE p_purpose WHEN 'REWRAP' THEN 'KEYS_REWRAPPED' ELSE 'KEYS_EXPORTED' END)::alert_kind,
      NULL, p_management_key_id, jsonb_build_object('keyCount', cardinality(v_new)));
  END IF;

  RETURN QUERY
    SELECT 'GRANTED', w.transaction_key_id, w.jwe
    FROM unnest(p_transaction_key_ids) WITH ORDINALITY AS asked (id, place)
    JOIN wrapped_keys w ON w.account_id = p_account_id AND w.transaction_key_id = asked.id
      AND w.management_key_id = p_management_key_id
    ORDER BY asked.place;
END $function$
;

CREATE OR REPLACE FUNCTION add_usage(p_account_id uuid, p_keys integer, p_bytes bigint, p_keys_max integer, p_bytes_max integer)
 RETURNS TABLE(quota text, quota_limit integer)
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_usage account_usage;
  v_stored record;
BEGIN
  UPDATE account_usage SET transaction_keys = transaction_keys + p_keys, stored_bytes = stored_bytes + p_bytes
  WHERE account_id = p_account_id
  RETURNING * INTO v_usage;
  IF NOT FOUND THEN
    -- Counted with what this transaction has stored. Another one that counts at the same time waits here, and then adds its own.
    SELECT * INTO v_stored FROM stored_of(p_account_id, NULL);
    INSERT INTO account_usage (account_id, transaction_keys, stored_bytes)
    VALUES (p_account_id, v_stored.key_count, v_stored.byte_count)
    ON CONFLICT DO NOTHING
    RETURNING * INTO v_usage;
    IF NOT FOUND THEN
      UPDATE account_usage SET transaction_keys = transaction_keys + p_keys, stored_bytes = stored_bytes + p_bytes
      WHERE account_id = p_account_id
      RETURNING * INTO v_usage;
    END IF;
  END IF;
  RETURN QUERY SELECT 'transactionKeys', exceeded.most FROM coalesce(v_usage.transaction_keys_max, p_keys_max) AS exceeded (most)
    WHERE p_keys > 0 AND v_usage.transaction_keys > exceeded.most;
  IF FOUND THEN
    RETURN;
  END IF;
  RETURN QUERY SELECT 'storedBytes', exceeded.most FROM coalesce(v_usage.stored_bytes_max, p_bytes_max) AS exceeded (most)
    WHERE p_bytes > 0 AND v_usage.stored_bytes > exceeded.most;
END $function$
;

CREATE OR REPLACE FUNCTION announce_alerts(p_account_ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  UPDATE webhooks
  SET newest_position = accounts.alert_position,
      due_at = CASE
        -- A channel's confirmation and farewell have a time of their own, and no alerts.
        WHEN webhooks.notice IS NOT NULL THEN webhooks.due_at
        WHEN webhooks.disabled_at IS NULL THEN coalesce(webhooks.due_at, greatest(v_now, webhooks.paused_until))
      END
  FROM accounts
  WHERE accounts.id = webhooks.account_id AND webhooks.account_id = ANY (p_account_ids);
  PERFORM pg_notify('claviger_alerts', account_id::text) FROM unnest(p_account_ids) AS woken (account_id);
END $function$
;

CREATE OR REPLACE FUNCTION consume_application_server_nonce(p_application_server_id uuid, p_key_id text, p_nonce text, p_created bigint, p_expires bigint)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF NOT is_active_application_server_key(p_application_server_id, p_key_id) THEN
    RETURN 'SIGNATURE_INVALID';
  END IF;
  RETURN consume_nonce(p_application_server_id, p_key_id, p_nonce, p_created, p_expires);
END $function$
;

CREATE OR REPLACE FUNCTION consume_management_key_nonce(p_account_id uuid, p_management_key_id text, p_nonce text, p_created bigint, p_expires bigint)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_last_used_at timestamptz;
  v_outcome text;
BEGIN
  SELECT last_used_at INTO v_last_used_at
  FROM management_keys
  WHERE account_id = p_account_id AND id = p_management_key_id AND revoked_at IS NULL AND suspended_at IS NULL;
  IF NOT FOUND THEN
    RETURN 'SIGNATURE_INVALID';
  END IF;
  v_outcome := consume_nonce(p_account_id, p_management_key_id, p_nonce, p_created, p_expires);
  -- Once a minute. Also when the last use lies ahead: the clock was wrong then.
  IF v_outcome = 'GRANTED' AND (v_last_used_at BETWEEN v_now - interval '1 minute' AND v_now + interval '1 minute') IS NOT TRUE THEN
    UPDATE management_keys SET last_used_at = v_now
    WHERE account_id = p_account_id AND id = p_management_key_id;
  END IF;
  RETURN v_outcome;
END $function$
;

CREATE OR REPLACE FUNCTION consume_management_key_nonce_group(p_account_ids uuid[], p_management_key_ids text[], p_nonces text[], p_created bigint[], p_expires bigint[], p_waits boolean)
 RETURNS TABLE(place integer, outcome text)
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
  v_seconds double precision := extract(epoch FROM v_now);
  v_forgotten_until timestamptz;
  v_locked uuid[];
  v_places integer[];
  v_outcomes text[];
  v_stale integer[];
BEGIN
  -- No revocation comes between the decision and the answer.
  IF p_waits THEN
    PERFORM pg_advisory_xact_lock_shared(management_keys_lock(id)) FROM accounts WHERE id = ANY (p_account_ids);
    v_locked := p_account_ids;
  ELSE
    SELECT coalesce(array_agg(tried.id), '{}') INTO v_locked
    FROM (
      SELECT id, pg_try_advisory_xact_lock_shared(management_keys_lock(id)) AS is_locked
      FROM accounts WHERE id = ANY (p_account_ids) OFFSET 0
    ) AS tried
    WHERE tried.is_locked;
  END IF;

  -- The nonces, in a statement that sees what a revocation has committed before the lock.
  WITH asked AS MATERIALIZED (
    SELECT a.*, m.account_id IS NOT NULL AS is_active, m.last_used_at,
      a.nonce IS NULL OR v_seconds BETWEEN a.created - 30 AND a.expires AS is_in_time,
      row_number() OVER (
        PARTITION BY a.account_id, a.management_key_id, a.nonce,
          m.account_id IS NOT NULL AND v_seconds BETWEEN a.created - 30 AND a.expires
        ORDER BY a.place) AS copy
    FROM unnest(p_account_ids, p_management_key_ids, p_nonces, p_created, p_expires)
      WITH ORDINALITY AS a (account_id, management_key_id, nonce, created, expires, place)
    LEFT JOIN management_keys m ON m.account_id = a.account_id AND m.id = a.management_key_id AND m.revoked_at IS NULL
      AND m.suspended_at IS NULL
    WHERE a.account_id = ANY (v_locked)
  ), consumed AS (
    INSERT INTO nonces (principal_id, key_id, nonce, expires_at)
    SELECT account_id, management_key_id, nonce, to_timestamp(expires)
    FROM asked
    WHERE is_active AND is_in_time AND copy = 1 AND nonce IS NOT NULL
    ORDER BY account_id, management_key_id, nonce
    ON CONFLICT DO NOTHING
    RETURNING principal_id, key_id, nonce
  ), judged AS (
    SELECT asked.*, CASE
      WHEN NOT is_active THEN 'SIGNATURE_INVALID'
      WHEN NOT is_in_time THEN 'SIGNATURE_EXPIRED'
      WHEN asked.nonce IS NOT NULL AND (consumed.nonce IS NULL OR copy > 1) THEN 'SIGNATURE_REPLAYED'
      ELSE 'GRANTED'
    END AS outcome
    FROM asked
    LEFT JOIN consumed ON consumed.principal_id = asked.account_id AND consumed.key_id = asked.management_key_id
      AND consumed.nonce = asked.nonce
  )
  SELECT array_agg(judged.place), array_agg(judged.outcome),
    array_agg(judged.place) FILTER (
      WHERE outcome = 'GRANTED' AND nonce IS NOT NULL
        AND (last_used_at BETWEEN v_now - interval '1 minute' AND v_now + interval '1 minute') IS NOT TRUE)
  INTO v_places, v_outcomes, v_stale
  FROM judged;

  -- After the insertion, as in consume_nonce.
  v_forgotten_until := (SELECT max(expires_at) FROM forgotten_nonces);
  IF v_stale IS NOT NULL THEN
    UPDATE management_keys AS m SET last_used_at = v_now
    FROM (
      SELECT k.account_id, k.id
      FROM management_keys k
      JOIN unnest(p_account_ids, p_management_key_ids, p_expires) WITH ORDINALITY AS a (account_id, id, expires, place)
        ON a.account_id = k.account_id AND a.id = k.id AND a.place = ANY (v_stale)
      WHERE (to_timestamp(a.expires) <= v_forgotten_until) IS NOT TRUE
      ORDER BY k.account_id, k.id
      FOR NO KEY UPDATE OF k SKIP LOCKED
    ) AS stale
    WHERE m.account_id = stale.account_id AND m.id = stale.id;
  END IF;

  RETURN QUERY
    SELECT a.place::integer, CASE
      WHEN d.place IS NULL THEN 'BUSY'
      WHEN d.outcome = 'GRANTED' AND a.nonce IS NOT NULL AND to_timestamp(a.expires) <= v_forgotten_until THEN 'NONCES_FORGOTTEN'
      ELSE d.outcome
    END
    FROM unnest(p_nonces, p_expires) WITH ORDINALITY AS a (nonce, expires, place)
    LEFT JOIN unnest(v_places, v_outcomes) AS d (place, outcome) ON d.place = a.place;
END $function$
;

CREATE OR REPLACE FUNCTION consume_nonce(p_principal_id uuid, p_key_id text, p_nonce text, p_created bigint, p_expires bigint)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now double precision := extract(epoch FROM clock_timestamp());
  v_expires_at timestamptz := to_timestamp(p_expires);
BEGIN
  IF v_now < p_created - 30 OR v_now > p_expires THEN
    RETURN 'SIGNATURE_EXPIRED';
  END IF;
  INSERT INTO nonces (principal_id, key_id, nonce, expires_at)
  VALUES (p_principal_id, p_key_id, p_nonce, v_expires_at)
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN 'SIGNATURE_REPLAYED';
  END IF;
  -- After the insertion, which waits for whoever is removing this nonce, and in a statement that sees what they committed.
  IF EXISTS (SELECT FROM forgotten_nonces WHERE expires_at >= v_expires_at) THEN
    RETURN 'NONCES_FORGOTTEN';
  END IF;
  RETURN 'GRANTED';
END $function$
;

CREATE OR REPLACE FUNCTION count_backlog(p_overdue_seconds integer, p_most integer)
 RETURNS TABLE(deadlines integer, webhooks integer)
 LANGUAGE plpgsql
 STABLE
AS $function$
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
END $function$
;

CREATE OR REPLACE FUNCTION delete_account(p_account_id uuid)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_key text;
BEGIN
  IF NOT take_management_keys_lock(p_account_id, false) THEN
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
  -- The chain first, as sealing locks it.
  DELETE FROM audit_chains WHERE account_id = p_account_id;
  DELETE FROM audit_pending WHERE account_id = p_account_id;
  DELETE FROM audit_entries WHERE account_id = p_account_id;
  DELETE FROM invitations WHERE account_id = p_account_id;
  PERFORM record_changes_of_account(p_account_id, 'DESTROYED');
  DELETE FROM transaction_key_usage WHERE account_id = p_account_id;
  DELETE FROM transaction_keys WHERE account_id = p_account_id;
  DELETE FROM account_usage WHERE account_id = p_account_id;
  DELETE FROM accounts WHERE id = p_account_id;
  INSERT INTO deleted_accounts (account_id) VALUES (p_account_id) ON CONFLICT DO NOTHING;
  RETURN true;
END $function$
;

CREATE OR REPLACE FUNCTION is_active_application_server_key(p_application_server_id uuid, p_key_id text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
AS $function$
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM application_server_keys
    WHERE id = p_key_id AND application_server_id = p_application_server_id
      AND proof IS NOT NULL AND revoked_at IS NULL);
END $function$
;

CREATE OR REPLACE FUNCTION is_active_management_key(p_account_id uuid, p_management_key_id text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
AS $function$
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM management_keys
    WHERE account_id = p_account_id AND id = p_management_key_id AND revoked_at IS NULL AND suspended_at IS NULL);
END $function$
;

CREATE OR REPLACE FUNCTION lease_webhooks(p_busy_account_ids uuid[], p_busy_hosts text[], p_busy_proven boolean[], p_of_account integer, p_of_proven_host integer, p_of_unproven_host integer, p_proven integer, p_unproven integer, p_lease uuid, p_lease_seconds integer)
 RETURNS TABLE(account_id uuid, id uuid, host text, is_proven boolean, lease uuid, url text, kinds json, sealed_secret text, "position" bigint, attempts integer, failing_since timestamp with time zone, is_redelivery_asked boolean, now timestamp with time zone, settled timestamp with time zone, channel_kind channel_kind, language channel_language, notice channel_notice, batch_end bigint, newest_position bigint)
 LANGUAGE plpgsql
AS $function$
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
END $function$
;

CREATE OR REPLACE FUNCTION look_up_public_keys(p_account_ids uuid[], p_application_servers text[], p_thumbprints text[])
 RETURNS TABLE(state text, not_before timestamp with time zone, expires_at timestamp with time zone, certificate text, possession text, revocation text, checked_at timestamp with time zone)
 LANGUAGE plpgsql
 STABLE
AS $function$
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
END $function$
;

CREATE OR REPLACE FUNCTION management_keys_lock(p_account_id uuid)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  SELECT hashtextextended('claviger management keys ' || p_account_id::text, 0)
$function$
;

CREATE OR REPLACE FUNCTION mismatches_to_sum_up(p_after_seconds integer, p_every_seconds integer, p_batch integer)
 RETURNS TABLE(account_id uuid, application_server text)
 LANGUAGE plpgsql
 STABLE
AS $function$
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
END $function$
;

CREATE OR REPLACE FUNCTION next_deadline_ms()
 RETURNS double precision
 LANGUAGE plpgsql
AS $function$
BEGIN
  RETURN extract(epoch FROM (SELECT min(due_at) FROM deadlines WHERE taken_at IS NULL) - clock_timestamp()) * 1000;
END $function$
;

CREATE OR REPLACE FUNCTION open_pairing(p_id text, p_payload text, p_seconds integer, p_most integer)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  INSERT INTO pairings (id, payload, opened_at, expires_at)
  SELECT p_id, p_payload, v_now, v_now + make_interval(secs => p_seconds)
  WHERE (SELECT count(*) FROM (SELECT FROM pairings WHERE expires_at > v_now LIMIT p_most) AS open) < p_most
  ON CONFLICT (id) DO NOTHING;
  RETURN FOUND;
END $function$
;

CREATE OR REPLACE FUNCTION prune_acquisitions(p_hours integer, p_batch integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_before timestamptz := settled_clock() - make_interval(hours => p_hours);
  v_removed integer;
BEGIN
  DELETE FROM acquisitions WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM acquisitions WHERE acquired_at < v_before LIMIT p_batch));
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  RETURN v_removed;
END $function$
;

CREATE OR REPLACE FUNCTION prune_alerts(p_days integer, p_batch integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_before timestamptz := settled_clock() - make_interval(days => p_days);
  v_removed integer;
BEGIN
  WITH old AS (
    SELECT account_id, position, occurred_at
    FROM alerts
    WHERE occurred_at < v_before AND (
      SELECT first.occurred_at NOT BETWEEN v_before AND v_now
      FROM alerts AS first
      WHERE first.account_id = alerts.account_id
        AND first.position > (SELECT alert_low_water_mark FROM accounts WHERE id = alerts.account_id)
      ORDER BY first.position
      LIMIT 1)
    ORDER BY occurred_at
    LIMIT p_batch
  ), kept AS (
    SELECT alerts.account_id, min(alerts.position) AS position
    FROM alerts JOIN (SELECT account_id, max(position) AS position FROM old GROUP BY account_id) AS last
      ON alerts.account_id = last.account_id AND alerts.position < last.position
    WHERE alerts.occurred_at BETWEEN v_before AND v_now
    GROUP BY alerts.account_id
  ), ended AS (
    SELECT DISTINCT ON (account_id) account_id, old.position, occurred_at
    FROM old LEFT JOIN kept USING (account_id)
    WHERE kept.position IS NULL OR old.position < kept.position
    ORDER BY account_id, old.position DESC
  ), locked AS MATERIALIZED (
    SELECT accounts.id, ended.position, ended.occurred_at
    FROM accounts JOIN ended ON ended.account_id = accounts.id
    ORDER BY accounts.id
    FOR NO KEY UPDATE OF accounts SKIP LOCKED
  ), held AS MATERIALIZED (
    SELECT alerts.account_id, alerts.position
    FROM alerts JOIN locked ON alerts.account_id = locked.id AND alerts.position <= locked.position
    FOR UPDATE OF alerts NOWAIT
  ), removed AS (
    DELETE FROM alerts USING held
    WHERE alerts.account_id = held.account_id AND alerts.position = held.position
    RETURNING alerts.account_id
  ), held_letters AS MATERIALIZED (
    SELECT letters.account_id, letters.webhook_id, letters.position
    FROM webhook_dead_letters letters
    JOIN locked ON letters.account_id = locked.id AND letters.position <= locked.position
    FOR UPDATE OF letters NOWAIT
  ), forgotten AS (
    DELETE FROM webhook_dead_letters AS letters USING held_letters AS held
    WHERE letters.account_id = held.account_id AND letters.webhook_id = held.webhook_id
      AND letters.position = held.position
  ), raised AS (
    UPDATE accounts SET alert_low_water_mark = locked.position, alert_low_water_mark_at = locked.occurred_at
    FROM locked WHERE accounts.id = locked.id AND accounts.alert_low_water_mark < locked.position
  )
  SELECT count(*) INTO v_removed FROM removed;
  RETURN v_removed;
EXCEPTION WHEN lock_not_available THEN
  RETURN 0;
END $function$
;

CREATE OR REPLACE FUNCTION prune_application_servers(p_days integer, p_batch integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
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
END $function$
;

CREATE OR REPLACE FUNCTION prune_audit_entries(p_days integer, p_batch integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_before timestamptz := settled_clock() - make_interval(days => p_days);
  v_chain audit_chains;
  v_last record;
  v_oldest_at timestamptz;
  v_removed integer := 0;
  v_removed_of_chain integer;
BEGIN
  FOR v_chain IN
    SELECT * FROM audit_chains WHERE oldest_at < v_before
    ORDER BY oldest_at
    LIMIT 100
    FOR NO KEY UPDATE SKIP LOCKED
  LOOP
    SELECT sequence, hash INTO v_last
    FROM (
      SELECT sequence, hash, occurred_at, bool_or(occurred_at BETWEEN v_before AND v_now) OVER (ORDER BY sequence) AS is_kept
      FROM (
        SELECT * FROM audit_entries
        WHERE account_id = v_chain.account_id AND sequence > v_chain.pruned_sequence
        ORDER BY sequence
        LIMIT p_batch) AS oldest) AS judged
    WHERE occurred_at < v_before AND NOT is_kept
    ORDER BY sequence DESC
    LIMIT 1;
    IF FOUND THEN
      DELETE FROM audit_entries WHERE account_id = v_chain.account_id AND sequence <= v_last.sequence;
      GET DIAGNOSTICS v_removed_of_chain = ROW_COUNT;
      v_removed := v_removed + v_removed_of_chain;
      v_chain.pruned_sequence := v_last.sequence;
      v_chain.pruned_hash := v_last.hash;
    END IF;
    SELECT occurred_at INTO v_oldest_at
    FROM audit_entries
    WHERE account_id = v_chain.account_id AND sequence > v_chain.pruned_sequence
    ORDER BY sequence
    LIMIT 1;
    -- One that occurred at an hour that lies ahead is looked at again when those after it are old.
    UPDATE audit_chains
    SET pruned_sequence = v_chain.pruned_sequence, pruned_hash = v_chain.pruned_hash,
      oldest_at = CASE WHEN v_oldest_at > v_now THEN v_now ELSE v_oldest_at END
    WHERE account_id = v_chain.account_id;
    EXIT WHEN v_removed >= p_batch;
  END LOOP;
  RETURN v_removed;
END $function$
;

CREATE OR REPLACE FUNCTION prune_channels(p_hours integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_settled timestamptz := settled_clock();
BEGIN
  DELETE FROM webhooks WHERE notice IS NOT NULL AND notice_expires_at <= v_settled;
  DELETE FROM confirmations
  WHERE requested_at <= v_settled - make_interval(hours => p_hours) OR requested_at > v_now + interval '1 minute';
END $function$
;

CREATE OR REPLACE FUNCTION prune_key_changes(p_days integer, p_batch integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_before timestamptz := settled_clock() - make_interval(days => p_days);
  v_removed integer;
BEGIN
  WITH old AS (
    SELECT application_server_id, position, occurred_at
    FROM key_changes
    WHERE occurred_at < v_before AND (
      SELECT first.occurred_at NOT BETWEEN v_before AND v_now
      FROM key_changes AS first
      WHERE first.application_server_id = key_changes.application_server_id
        AND first.position > (SELECT change_low_water_mark FROM application_servers WHERE id = key_changes.application_server_id)
      ORDER BY first.position
      LIMIT 1)
    ORDER BY occurred_at
    LIMIT p_batch
  ), kept AS (
    SELECT changes.application_server_id, min(changes.position) AS position
    FROM key_changes AS changes
    JOIN (SELECT application_server_id, max(position) AS position FROM old GROUP BY application_server_id) AS last
      ON changes.application_server_id = last.application_server_id AND changes.position < last.position
    WHERE changes.occurred_at BETWEEN v_before AND v_now
    GROUP BY changes.application_server_id
  ), ended AS (
    SELECT DISTINCT ON (application_server_id) application_server_id, old.position, occurred_at
    FROM old LEFT JOIN kept USING (application_server_id)
    WHERE kept.position IS NULL OR old.position < kept.position
    ORDER BY application_server_id, old.position DESC
  ), locked AS MATERIALIZED (
    SELECT s.id, ended.position, ended.occurred_at
    FROM application_servers s JOIN ended ON ended.application_server_id = s.id
    ORDER BY s.name
    FOR NO KEY UPDATE OF s SKIP LOCKED
  ), removed AS (
    DELETE FROM key_changes USING locked
    WHERE key_changes.application_server_id = locked.id AND key_changes.position <= locked.position
    RETURNING 1
  ), raised AS (
    UPDATE application_servers SET change_low_water_mark = locked.position, change_low_water_mark_at = locked.occurred_at
    FROM locked WHERE application_servers.id = locked.id AND application_servers.change_low_water_mark < locked.position
  )
  SELECT count(*) INTO v_removed FROM removed;
  RETURN v_removed;
END $function$
;

CREATE OR REPLACE FUNCTION prune_mismatches()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_before timestamptz := settled_clock() - interval '1 hour';
BEGIN
  DELETE FROM mismatches
  WHERE (alerted_at < v_before AND telling <> 'WAITING') OR alerted_at > v_now + interval '1 minute';
END $function$
;

CREATE OR REPLACE FUNCTION prune_nonces(p_batch integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_settled timestamptz := settled_clock();
  v_removed integer;
BEGIN
  WITH removed AS (
    DELETE FROM nonces WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM nonces
      WHERE expires_at < v_settled
      LIMIT p_batch))
    RETURNING expires_at
  ), forgotten AS (
    INSERT INTO forgotten_nonces AS f (expires_at) SELECT max(expires_at) FROM removed HAVING count(*) > 0
    ON CONFLICT (id) DO UPDATE SET expires_at = greatest(f.expires_at, excluded.expires_at)
  )
  SELECT count(*) INTO v_removed FROM removed;
  RETURN v_removed;
END $function$
;

CREATE OR REPLACE FUNCTION prune_pairings(p_batch integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_before timestamptz := settled_clock();
  v_removed integer;
BEGIN
  DELETE FROM pairings WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM pairings WHERE expires_at < v_before LIMIT p_batch));
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  RETURN v_removed;
END $function$
;

CREATE OR REPLACE FUNCTION prune_rates(p_batch integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_removed integer;
BEGIN
  DELETE FROM rates WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM rates WHERE full_at < v_now OR full_at > v_now + interval '1 day' LIMIT p_batch));
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  RETURN v_removed;
END $function$
;

CREATE OR REPLACE FUNCTION prune_server_keys()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_before timestamptz := settled_clock() - interval '1 day';
BEGIN
  DELETE FROM server_keys WHERE retired_at < v_before;
END $function$
;

CREATE OR REPLACE FUNCTION raise_alert(p_account_id uuid, p_kind alert_kind, p_transaction_key_id uuid, p_management_key_id text, p_details jsonb)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_position bigint;
  v_now timestamptz;
BEGIN
  UPDATE accounts SET alert_position = alert_position + 1
  WHERE id = p_account_id
  RETURNING alert_position INTO v_position;
  -- Under the lock, so that times are in the order of positions.
  v_now := clock_timestamp();
  INSERT INTO alerts (account_id, position, kind, occurred_at, transaction_key_id, management_key_id, details)
  VALUES (p_account_id, v_position, p_kind, v_now, p_transaction_key_id, p_management_key_id, p_details);
  PERFORM announce_alerts(ARRAY[p_account_id]);
END $function$
;

CREATE OR REPLACE FUNCTION raise_overuse_alert(p_usage transaction_key_usage, p_excess bigint, p_refused boolean, p_management_key_id text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_next bigint := p_usage.next_alert_excess;
BEGIN
  IF p_excess < v_next THEN
    RETURN;
  END IF;
  WHILE v_next <= p_excess LOOP
    v_next := v_next * 2;
  END LOOP;
  UPDATE transaction_key_usage SET next_alert_excess = v_next
  WHERE account_id = p_usage.account_id AND transaction_key_id = p_usage.transaction_key_id;
  PERFORM raise_alert(
    p_usage.account_id, 'KEY_OVERUSED', p_usage.transaction_key_id, p_management_key_id,
    jsonb_build_object('maxUses', p_usage.max_uses, 'excess', p_excess, 'refused', p_refused));
END $function$
;

CREATE OR REPLACE FUNCTION recall_webhooks(p_retry_seconds double precision, p_failures_max integer, p_retry_seconds_max double precision, p_pause_seconds integer, p_lease_seconds integer, p_slack_seconds integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END $function$
;

CREATE OR REPLACE FUNCTION record_changes_of_account(p_account_id uuid, p_kind key_change_kind)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_keys uuid[];
BEGIN
  SELECT array_agg(id ORDER BY id) INTO v_keys FROM transaction_keys WHERE account_id = p_account_id;
  IF v_keys IS NOT NULL THEN
    PERFORM record_key_changes(array_fill(p_account_id, ARRAY[cardinality(v_keys)]), v_keys, p_kind);
  END IF;
END $function$
;

CREATE OR REPLACE FUNCTION record_channel_batch(p_account_id uuid, p_id uuid, p_lease uuid, p_end bigint, p_pause_min integer, p_pause_max integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END $function$
;

CREATE OR REPLACE FUNCTION record_failed_delivery(p_account_id uuid, p_id uuid, p_lease uuid, p_failure text, p_delay_seconds double precision)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_due_at timestamptz := v_now + make_interval(secs => p_delay_seconds);
  v_disabled_at timestamptz := CASE WHEN p_delay_seconds IS NULL THEN v_now END;
BEGIN
  UPDATE webhooks
  SET attempts = attempts + 1, failing_since = coalesce(failing_since, v_now), failure = p_failure, due_at = v_due_at,
    disabled_at = v_disabled_at, lease = NULL, leased_until = NULL
  WHERE account_id = p_account_id AND id = p_id AND lease = p_lease;
END $function$
;

CREATE OR REPLACE FUNCTION record_key_changes(p_account_ids uuid[], p_transaction_key_ids uuid[], p_kind key_change_kind)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz;
  v_servers uuid[];
BEGIN
  -- Where nobody has registered, this is all that it costs.
  IF NOT EXISTS (SELECT FROM application_servers WHERE proved_at IS NOT NULL) THEN
    RETURN;
  END IF;
  -- A statement of its own, so that the next one sees the newest positions.
  PERFORM 1 FROM application_servers
  WHERE proved_at IS NOT NULL AND name IN (
    SELECT k.application_server
    FROM unnest(p_account_ids, p_transaction_key_ids) AS changed (account_id, id)
    JOIN transaction_keys k ON k.account_id = changed.account_id AND k.id = changed.id
    WHERE k.thumbprint IS NOT NULL)
  ORDER BY name
  FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;

  -- Under the locks, so that times are in the order of positions.
  v_now := clock_timestamp();
  WITH changed AS (
    SELECT s.id AS application_server_id, k.thumbprint, k.expires_at,
      row_number() OVER (PARTITION BY s.id ORDER BY listed.place) AS place
    FROM unnest(p_account_ids, p_transaction_key_ids) WITH ORDINALITY AS listed (account_id, id, place)
    JOIN transaction_keys k ON k.account_id = listed.account_id AND k.id = listed.id
    JOIN application_servers s ON s.name = k.application_server
    WHERE k.thumbprint IS NOT NULL AND s.proved_at IS NOT NULL
  ), counted AS (
    SELECT application_server_id, count(*) AS changes FROM changed GROUP BY application_server_id
  ), bumped AS (
    UPDATE application_servers SET change_position = change_position + counted.changes
    FROM counted WHERE application_servers.id = counted.application_server_id
    RETURNING application_servers.id, application_servers.change_position - counted.changes AS base
  ), stored AS (
    INSERT INTO key_changes (application_server_id, position, kind, occurred_at, thumbprint, expires_at)
    SELECT changed.application_server_id, bumped.base + changed.place, p_kind, v_now,
      changed.thumbprint, changed.expires_at
    FROM changed JOIN bumped ON bumped.id = changed.application_server_id
    RETURNING application_server_id
  )
  SELECT array_agg(DISTINCT application_server_id) INTO v_servers FROM stored;
  -- The channel of all streams: subscribers of an account and of an application server wait for different ids.
  PERFORM pg_notify('claviger_alerts', woken.id::text) FROM unnest(v_servers) AS woken (id);
END $function$
;

CREATE OR REPLACE FUNCTION record_waiting_mismatches(p_account_ids uuid[], p_application_servers text[], p_thumbprints text[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END $function$
;

CREATE OR REPLACE FUNCTION seal_audit_entries(p_account_id uuid, p_batch integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz;
  v_accounts uuid[];
  v_entry record;
  v_account uuid;
  v_sequence bigint;
  v_hash bytea;
  v_sealed_accounts uuid[] := '{}';
  v_positions bigint[] := '{}';
  v_sequences bigint[] := '{}';
  v_hashes bytea[] := '{}';
BEGIN
  v_accounts := ARRAY(
    SELECT DISTINCT account_id FROM (
      SELECT account_id FROM audit_pending
      WHERE p_account_id IS NULL OR account_id = p_account_id
      LIMIT p_batch) AS waiting);
  IF cardinality(v_accounts) = 0 AND p_account_id IS NULL THEN
    RETURN 0;
  END IF;
  -- A chain is begun under a lock of its account, so that it is not left behind by one that is being deleted.
  IF p_account_id IS NULL THEN
    INSERT INTO audit_chains (account_id)
    SELECT id FROM accounts
    WHERE id = ANY (v_accounts) AND NOT EXISTS (SELECT 1 FROM audit_chains WHERE account_id = id)
    ORDER BY id
    FOR KEY SHARE SKIP LOCKED
    ON CONFLICT DO NOTHING;
  ELSE
    INSERT INTO audit_chains (account_id)
    SELECT id FROM accounts
    WHERE id = ANY (v_accounts) AND NOT EXISTS (SELECT 1 FROM audit_chains WHERE account_id = id)
    FOR KEY SHARE
    ON CONFLICT DO NOTHING;
  END IF;
  IF p_account_id IS NULL THEN
    v_accounts := ARRAY(
      SELECT account_id FROM audit_chains WHERE account_id = ANY (v_accounts)
      ORDER BY account_id
      FOR NO KEY UPDATE SKIP LOCKED);
  ELSE
    v_accounts := ARRAY(SELECT account_id FROM audit_chains WHERE account_id = p_account_id FOR NO KEY UPDATE);
  END IF;

  -- A statement of its own, so that it sees what was sealed before the lock was granted.
  FOR v_entry IN
    WITH chains AS MATERIALIZED (
      SELECT account_id, hash,
        -- Equal, unless somebody has changed the tables by hand: then what was done is told all the same.
        greatest(sequence, (SELECT max(e.sequence) FROM audit_entries e WHERE e.account_id = c.account_id)) AS sequence
      FROM audit_chains c
      WHERE account_id = ANY (v_accounts)
    )
    SELECT p.*, c.sequence, c.hash
    FROM chains c
    CROSS JOIN LATERAL (
      SELECT * FROM audit_pending WHERE account_id = c.account_id ORDER BY position LIMIT p_batch
    ) AS p
    ORDER BY p.account_id, p.position
    LIMIT p_batch
  LOOP
    IF v_entry.account_id IS DISTINCT FROM v_account THEN
      v_account := v_entry.account_id;
      v_hash := v_entry.hash;
      v_sequence := v_entry.sequence;
    END IF;
    v_sequence := v_sequence + 1;
    v_hash := sha256(convert_to(concat(
      '{"action":"', v_entry.action,
      '","address":', coalesce(to_json(v_entry.address)::text, 'null'),
      ',"affectedManagementKeyId":', coalesce('"' || v_entry.affected_management_key_id || '"', 'null'),
      ',"code":', coalesce('"' || v_entry.code || '"', 'null'),
      ',"granted":', CASE WHEN v_entry.code IS NULL THEN 'true' ELSE 'false' END,
      ',"id":"', v_entry.id,
      '","managementKeyId":"', v_entry.management_key_id,
      '","occurredAt":"', to_char(v_entry.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      '","previousHash":"', encode(v_hash, 'hex'),
      '","purpose":', coalesce('"' || v_entry.purpose || '"', 'null'),
      ',"sequence":', v_sequence,
      ',"transactionKeyId":', coalesce('"' || v_entry.transaction_key_id || '"', 'null'), '}'), 'UTF8'));
    v_sealed_accounts := v_sealed_accounts || v_account;
    v_positions := v_positions || v_entry.position;
    v_sequences := v_sequences || v_sequence;
    v_hashes := v_hashes || v_hash;
  END LOOP;
  IF cardinality(v_positions) = 0 THEN
    RETURN 0;
  END IF;

  v_now := clock_timestamp();
  WITH sealed AS (
    SELECT * FROM unnest(v_sealed_accounts, v_positions, v_sequences, v_hashes) AS s (account_id, position, sequence, hash)
  ), taken AS (
    DELETE FROM audit_pending p USING sealed s
    WHERE p.account_id = s.account_id AND p.position = s.position
    RETURNING p.*, s.sequence, s.hash
  ), stored AS (
    INSERT INTO audit_entries (account_id, sequence, id, occurred_at, action, code, purpose, management_key_id,
      transaction_key_id, affected_management_key_id, address, hash)
    SELECT account_id, sequence, id, occurred_at, action, code, purpose, management_key_id,
      transaction_key_id, affected_management_key_id, address, hash
    FROM taken
    ORDER BY account_id, sequence
  )
  UPDATE audit_chains c
  SET sequence = newest.sequence, hash = newest.hash, sealed_at = v_now, oldest_at = coalesce(c.oldest_at, v_now)
  FROM (SELECT DISTINCT ON (account_id) * FROM sealed ORDER BY account_id, sequence DESC) AS newest
  WHERE c.account_id = newest.account_id;
  RETURN cardinality(v_positions);
END $function$
;

CREATE OR REPLACE FUNCTION select_due_mismatches(p_account_ids uuid[], p_application_servers text[], p_thumbprints text[], p_alone integer, p_waiting integer)
 RETURNS TABLE(place integer, is_alone boolean)
 LANGUAGE plpgsql
 STABLE
AS $function$
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
END $function$
;

CREATE OR REPLACE FUNCTION settled_clock()
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
AS $function$
  SELECT least(clock_timestamp(), coalesce((
    SELECT min(clock) FROM clock_sightings
    WHERE elapsed_ms >= (
      SELECT max(elapsed_ms) FROM clock_sightings
      WHERE elapsed_ms <= (SELECT max(elapsed_ms) FROM clock_sightings) - settling_ms())), '-infinity'))
$function$
;

CREATE OR REPLACE FUNCTION settling_ms()
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE
AS $function$SELECT 300000::bigint$function$
;

CREATE OR REPLACE FUNCTION sight_clock(p_seen_ms bigint, p_passed_ms bigint)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz;
  v_elapsed_ms bigint;
BEGIN
  -- Two that have seen the same count would each add to it.
  LOCK TABLE clock_sightings IN SHARE ROW EXCLUSIVE MODE;
  v_now := clock_timestamp();
  SELECT max(elapsed_ms) INTO v_elapsed_ms FROM clock_sightings;
  v_elapsed_ms := coalesce(v_elapsed_ms, 0) + CASE WHEN v_elapsed_ms = p_seen_ms THEN greatest(p_passed_ms, 0) ELSE 0 END;
  INSERT INTO clock_sightings AS s (elapsed_ms, clock) VALUES (v_elapsed_ms, v_now)
  ON CONFLICT (elapsed_ms) DO UPDATE SET clock = least(s.clock, excluded.clock);
  DELETE FROM clock_sightings
  WHERE elapsed_ms < (SELECT max(elapsed_ms) FROM clock_sightings WHERE elapsed_ms <= v_elapsed_ms - settling_ms());
  RETURN v_elapsed_ms;
END $function$
;

CREATE OR REPLACE FUNCTION store_transaction_key_group(p_account_ids uuid[], p_management_key_ids text[], p_nonces text[], p_created bigint[], p_expires bigint[], p_addresses text[], p_keys json, p_default_notices integer[], p_keys_max integer, p_bytes_max integer, p_waits boolean)
 RETURNS TABLE(place integer, outcome text, state text, created_at timestamp with time zone, expiry_notices json, quota text, quota_limit integer)
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
  -- Statements that are dated later were signed by a clock that is ahead.
  v_newest double precision := extract(epoch FROM v_now) + 30;
  v_signed integer[];
  v_refused integer[];
  v_refusals text[];
  v_held uuid[];
BEGIN
  SELECT array_agg(c.place) FILTER (WHERE c.outcome = 'GRANTED'),
    array_agg(c.place) FILTER (WHERE c.outcome <> 'GRANTED'),
    array_agg(c.outcome) FILTER (WHERE c.outcome <> 'GRANTED')
  INTO v_signed, v_refused, v_refusals
  FROM consume_management_key_nonce_group(
    p_account_ids, p_management_key_ids, p_nonces, p_created, p_expires, p_waits) AS c;
  RETURN QUERY
    SELECT refused.place, refused.refusal, NULL::text, NULL::timestamptz, NULL::json, NULL::text, NULL::integer
    FROM unnest(v_refused, v_refusals) AS refused (place, refusal);
  IF v_signed IS NULL THEN
    RETURN;
  END IF;

  IF p_waits THEN
    -- Makes the row when the account has none yet.
    PERFORM add_usage(p_account_ids[1], 0, 0, p_keys_max, p_bytes_max);
    v_held := p_account_ids;
  ELSE
    v_held := ARRAY(
      SELECT account_id FROM account_usage WHERE account_id = ANY (p_account_ids)
      ORDER BY account_id
      FOR NO KEY UPDATE SKIP LOCKED);
  END IF;

  RETURN QUERY
    WITH asked AS MATERIALIZED (
      SELECT a.*, k.*, coalesce(k.expiry_notices, ARRAY(
        SELECT seconds FROM unnest(p_default_notices) AS seconds
        WHERE k.expires_at - make_interval(secs => seconds) > v_now
      )) AS notices
      FROM unnest(p_account_ids, p_management_key_ids, p_nonces, p_addresses)
        WITH ORDINALITY AS a (account_id, signed_by, nonce, address, place)
      JOIN ROWS FROM (json_to_recordset(p_keys) AS (
        id uuid, application_server text, label text, public_key jsonb, thumbprint text, not_before timestamptz,
        expires_at timestamptz, expiry_notices integer[], max_uses integer, overuse_policy overuse_policy, content_hash text,
        certificate text, certificate_signer text, certificate_iat bigint, possession text, possession_iat bigint,
        is_refused boolean, wrapped_keys json
      )) WITH ORDINALITY AS k ON k.ordinality = a.place
      WHERE a.place = ANY (v_signed)
    ), wrapped AS MATERIALIZED (
      SELECT asked.place, asked.account_id, asked.id, w.management_key_id, w.jwe, m.account_id IS NOT NULL AS is_active
      FROM asked
      CROSS JOIN LATERAL json_to_recordset(asked.wrapped_keys) AS w (management_key_id text, jwe text)
      LEFT JOIN management_keys m ON m.account_id = asked.account_id AND m.id = w.management_key_id
        AND m.revoked_at IS NULL AND m.kind <> 'VIEWER'
    ), judged AS MATERIALIZED (
      SELECT asked.*, of_key.bytes + coalesce(octet_length(asked.certificate), 0) AS bytes, CASE
        WHEN NOT asked.account_id = ANY (v_held) THEN 'BUSY'
        WHEN row_number() OVER (PARTITION BY asked.account_id, asked.id ORDER BY asked.place) > 1 THEN 'ALONE'
        WHEN asked.thumbprint IS NOT NULL AND row_number() OVER (
          PARTITION BY asked.account_id, asked.application_server, asked.thumbprint ORDER BY asked.place) > 1 THEN 'ALONE'
        WHEN NOT of_key.are_active THEN 'NOT_FOUND'
        WHEN same_id.content_hash = decode(asked.content_hash, 'hex') THEN 'REPEATED'
        WHEN same_id.account_id IS NOT NULL THEN 'CONFLICT_OF_ID'
        WHEN same_key.account_id IS NOT NULL THEN 'CONFLICT_OF_PUBLIC_KEY'
        WHEN asked.certificate IS NOT NULL AND signer.account_id IS NULL THEN 'CERTIFICATE_SIGNER_UNKNOWN'
        WHEN asked.is_refused THEN 'STATEMENT_REFUSED'
        WHEN asked.certificate_iat > v_newest THEN 'CERTIFICATE_AHEAD'
        WHEN asked.possession_iat > v_newest THEN 'POSSESSION_AHEAD'
      END AS refusal
      FROM asked
      JOIN (
        SELECT wrapped.place, bool_and(is_active) AS are_active, sum(octet_length(jwe)) AS bytes FROM wrapped GROUP BY 1
      ) AS of_key ON of_key.place = asked.place
      LEFT JOIN transaction_keys same_id ON same_id.account_id = asked.account_id AND same_id.id = asked.id
      LEFT JOIN transaction_keys same_key ON same_key.account_id = asked.account_id
        AND same_key.application_server = asked.application_server AND same_key.thumbprint = asked.thumbprint
      LEFT JOIN management_keys signer ON signer.account_id = asked.account_id AND signer.id = asked.certificate_signer
        AND signer.revoked_at IS NULL AND signer.kind <> 'VIEWER'
    ), added AS MATERIALIZED (
      -- The additions of the group to each account, and the quota that they would exceed.
      SELECT sums.*, u.exceeded_quota, CASE u.exceeded_quota WHEN 'transactionKeys' THEN u.keys_max ELSE u.bytes_max END AS exceeded_limit
      FROM (
        SELECT account_id, count(*)::integer AS keys, sum(bytes) AS bytes FROM judged WHERE refusal IS NULL GROUP BY 1
      ) AS sums
      CROSS JOIN LATERAL (
        SELECT limits.*, CASE
          WHEN usage.transaction_keys + sums.keys > keys_max THEN 'transactionKeys'
          WHEN usage.stored_bytes + sums.bytes > bytes_max THEN 'storedBytes'
        END AS exceeded_quota
        FROM account_usage AS usage
        CROSS JOIN LATERAL (SELECT
          coalesce(usage.transaction_keys_max, p_keys_max) AS keys_max,
          coalesce(usage.stored_bytes_max, p_bytes_max) AS bytes_max) AS limits
        WHERE usage.account_id = sums.account_id
      ) AS u
    ), decided AS MATERIALIZED (
      SELECT judged.*, added.exceeded_quota, added.exceeded_limit, CASE
        WHEN refusal IS NOT NULL THEN refusal
        WHEN added.exceeded_quota IS NULL THEN 'GRANTED'
        WHEN added.keys = 1 THEN 'QUOTA_EXCEEDED'
        ELSE 'ALONE'
      END AS outcome
      FROM judged
      LEFT JOIN added ON added.account_id = judged.account_id
    ), stored AS (
      INSERT INTO transaction_keys (account_id, id, application_server, label, public_key, thumbprint, not_before, expires_at,
        expiry_notices, has_default_notices, certificate, possession, content_hash)
      SELECT account_id, id, application_server, label, public_key, thumbprint, not_before, expires_at,
        notices, expiry_notices IS NULL, certificate, possession, decode(content_hash, 'hex')
      FROM decided WHERE outcome = 'GRANTED'
    ), limited AS (
      INSERT INTO transaction_key_usage (account_id, transaction_key_id, max_uses, overuse_policy)
      SELECT account_id, id, max_uses, overuse_policy FROM decided WHERE outcome = 'GRANTED'
    ), released AS (
      INSERT INTO wrapped_keys (account_id, transaction_key_id, management_key_id, jwe)
      SELECT wrapped.account_id, wrapped.id, wrapped.management_key_id, wrapped.jwe
      FROM wrapped
      JOIN decided ON decided.place = wrapped.place AND decided.outcome = 'GRANTED'
    ), armed AS (
      -- A notice whose time has passed, or that is longer than the term, does not fire: it is stored as taken, and is armed only
      -- if the clock was wrong and it lies ahead after all. An end in the past is due at once.
      INSERT INTO deadlines (account_id, transaction_key_id, notice_seconds, due_at, expires_at, taken_at)
      SELECT account_id, id, due.seconds, due.at, expires_at, CASE WHEN due.seconds > 0 AND due.at <= v_now THEN v_now END
      FROM decided
      CROSS JOIN LATERAL (
        SELECT seconds, expires_at - make_interval(secs => seconds) AS at FROM unnest(notices || 0) AS seconds) AS due
      WHERE outcome = 'GRANTED' AND expires_at IS NOT NULL
    ), recorded AS (
      INSERT INTO audit_pending (account_id, occurred_at, action, management_key_id, transaction_key_id, address)
      SELECT account_id, v_now, 'KEY_STORED', signed_by, id, address
      FROM decided WHERE outcome = 'GRANTED'
      ORDER BY decided.place
    ), counted AS (
      UPDATE account_usage AS u
      SET transaction_keys = u.transaction_keys + added.keys, stored_bytes = u.stored_bytes + added.bytes
      FROM added
      WHERE added.exceeded_quota IS NULL AND u.account_id = added.account_id
    ), undone AS (
      DELETE FROM nonces AS n USING decided AS d
      WHERE d.outcome IN ('BUSY', 'ALONE') AND n.principal_id = d.account_id AND n.key_id = d.signed_by AND n.nonce = d.nonce
    )
    SELECT decided.place::integer, decided.outcome, granted.state, granted.created_at, granted.notices,
      CASE WHEN decided.outcome = 'QUOTA_EXCEEDED' THEN exceeded_quota END,
      CASE WHEN decided.outcome = 'QUOTA_EXCEEDED' THEN exceeded_limit END
    FROM decided
    LEFT JOIN LATERAL (
      SELECT transaction_key_state(NULL, not_before, expires_at, v_now) AS state, now()::timestamptz(3) AS created_at, array_to_json(notices) AS notices
      WHERE decided.outcome = 'GRANTED'
    ) AS granted ON true;
END $function$
;

CREATE OR REPLACE FUNCTION stored_of(p_account_id uuid, p_transaction_key_ids uuid[])
 RETURNS TABLE(key_count integer, byte_count bigint)
 LANGUAGE plpgsql
 STABLE
AS $function$
BEGIN
  RETURN QUERY SELECT
    (SELECT count(*)::integer FROM transaction_key_usage u
      WHERE u.account_id = p_account_id AND u.revoked_at IS NULL
        AND (p_transaction_key_ids IS NULL OR u.transaction_key_id = ANY (p_transaction_key_ids))),
    (SELECT coalesce(sum(coalesce(octet_length(k.certificate), 0) + coalesce(octet_length(k.revocation), 0)), 0)::bigint
      FROM transaction_keys k
      WHERE k.account_id = p_account_id AND (p_transaction_key_ids IS NULL OR k.id = ANY (p_transaction_key_ids)))
    + (SELECT coalesce(sum(octet_length(w.jwe)), 0)::bigint FROM wrapped_keys w
      WHERE w.account_id = p_account_id
        AND (p_transaction_key_ids IS NULL OR w.transaction_key_id = ANY (p_transaction_key_ids)));
END $function$
;

CREATE OR REPLACE FUNCTION suspend_account(p_account_id uuid, p_is_suspended boolean)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz;
BEGIN
  PERFORM take_management_keys_lock(p_account_id, false);
  v_now := clock_timestamp();
  UPDATE management_keys SET suspended_at = CASE WHEN p_is_suspended THEN v_now END WHERE account_id = p_account_id;
  UPDATE accounts SET suspended_at = CASE WHEN p_is_suspended THEN v_now END
  WHERE id = p_account_id AND (suspended_at IS NOT NULL) <> p_is_suspended;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF p_is_suspended THEN
    PERFORM pg_notify('claviger_revoked', id) FROM management_keys WHERE account_id = p_account_id AND revoked_at IS NULL;
  END IF;
  PERFORM record_changes_of_account(p_account_id, 'TERM_CHANGED');
  RETURN true;
END $function$
;

CREATE OR REPLACE FUNCTION sweep_deadlines(p_batch integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_armed integer;
  v_taken integer;
  v_accounts uuid[];
  v_expired_accounts uuid[];
  v_expired_keys uuid[];
BEGIN
  UPDATE deadlines SET taken_at = NULL WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM deadlines
    WHERE taken_at IS NOT NULL AND due_at > v_now + interval '1 second'
    ORDER BY due_at
    LIMIT p_batch
    FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS v_armed = ROW_COUNT;
  WITH taken AS (
    -- By the rows' own addresses: a join would be planned for a tenth of all deadlines, and read the whole table.
    UPDATE deadlines SET taken_at = v_now WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM deadlines
      WHERE taken_at IS NULL AND due_at <= v_now
      ORDER BY due_at
      LIMIT p_batch
      FOR UPDATE SKIP LOCKED))
    RETURNING *
  ), standing AS (
    SELECT taken.*, row_number() OVER (PARTITION BY account_id ORDER BY due_at, notice_seconds DESC) AS place
    FROM taken
    WHERE notice_seconds = 0 OR expires_at > v_now
  ), counted AS (
    SELECT account_id, count(*) AS alerts FROM standing GROUP BY account_id
  ), locked AS MATERIALIZED (
    SELECT accounts.id, counted.alerts
    FROM accounts JOIN counted ON counted.account_id = accounts.id
    ORDER BY accounts.id
    FOR NO KEY UPDATE OF accounts
  ), bumped AS (
    UPDATE accounts SET alert_position = alert_position + locked.alerts
    FROM locked WHERE accounts.id = locked.id
    RETURNING accounts.id, accounts.alert_position - locked.alerts AS base
  ), stored AS (
    INSERT INTO alerts (account_id, position, kind, occurred_at, transaction_key_id, details)
    SELECT standing.account_id, bumped.base + standing.place,
      (CASE WHEN notice_seconds = 0 THEN 'KEY_EXPIRED' ELSE 'KEY_EXPIRING' END)::alert_kind,
      v_now, transaction_key_id,
      jsonb_build_object('expiresAt', to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
        || CASE WHEN notice_seconds = 0 THEN '{}' ELSE jsonb_build_object('noticeSeconds', notice_seconds) END
    FROM standing JOIN bumped ON bumped.id = standing.account_id
    RETURNING account_id
  )
  SELECT (SELECT count(*) FROM taken),
    (SELECT array_agg(DISTINCT account_id) FROM stored),
    (SELECT array_agg(account_id ORDER BY due_at, transaction_key_id) FROM standing WHERE notice_seconds = 0),
    (SELECT array_agg(transaction_key_id ORDER BY due_at, transaction_key_id) FROM standing WHERE notice_seconds = 0)
  INTO v_taken, v_accounts, v_expired_accounts, v_expired_keys;
  PERFORM announce_alerts(v_accounts);
  IF v_expired_keys IS NOT NULL THEN
    PERFORM record_key_changes(v_expired_accounts, v_expired_keys, 'EXPIRED');
  END IF;
  RETURN greatest(v_taken, v_armed);
END $function$
;

CREATE OR REPLACE FUNCTION take_management_keys_lock(p_account_id uuid, p_is_shared boolean)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF p_is_shared THEN
    PERFORM pg_advisory_xact_lock_shared(management_keys_lock(id)) FROM accounts WHERE id = p_account_id;
  ELSE
    PERFORM pg_advisory_xact_lock(management_keys_lock(id)) FROM accounts WHERE id = p_account_id;
  END IF;
  RETURN FOUND;
END $function$
;

CREATE OR REPLACE FUNCTION take_rate(p_limit text, p_client text, p_count double precision, p_seconds double precision)
 RETURNS double precision
 LANGUAGE plpgsql
AS $function$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_each interval := make_interval(secs => p_seconds / p_count);
  -- No later, whatever the clock showed when others were taken.
  v_full_at_most timestamptz := v_now + make_interval(secs => p_seconds);
  v_full_at timestamptz;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  INSERT INTO rates AS r (limit_name, client, full_at) VALUES (p_limit, p_client, v_now + v_each)
  ON CONFLICT (limit_name, client) DO UPDATE
  SET full_at = greatest(least(r.full_at, v_full_at_most), v_now) + v_each
  WHERE greatest(least(r.full_at, v_full_at_most), v_now) + v_each <= v_full_at_most;
  IF FOUND THEN
    RETURN 0;
  END IF;
  SELECT least(full_at, v_full_at_most) INTO v_full_at FROM rates WHERE limit_name = p_limit AND client = p_client;
  RETURN greatest(extract(epoch FROM coalesce(v_full_at, v_now) + v_each - v_full_at_most), 0.001);
END $function$
;

CREATE OR REPLACE FUNCTION transaction_key_state(p_revoked_at timestamp with time zone, p_not_before timestamp with time zone, p_expires_at timestamp with time zone, p_now timestamp with time zone)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  SELECT CASE
    WHEN p_revoked_at IS NOT NULL THEN 'REVOKED'
    WHEN p_expires_at <= p_now THEN 'EXPIRED'
    WHEN p_not_before > p_now THEN 'PENDING'
    ELSE 'ACTIVE'
  END
$function$
;

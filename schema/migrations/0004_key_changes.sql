-- What application servers are told of their clients' keys.

-- Stores a change of each of these keys for its application server, when that one has registered, and wakes who follows.
-- Call it last: it locks the rows of application servers, in the order of their names, until the transaction ends. So
-- locks are taken in the order usage rows, deadlines, accounts, application servers.
-- A symmetric key is left out: no application server was ever shown it.
CREATE FUNCTION record_key_changes(p_account_ids uuid[], p_transaction_key_ids uuid[], p_kind key_change_kind)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
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
    SELECT changed.application_server_id, bumped.base + changed.place, p_kind, clock_timestamp(),
      changed.thumbprint, changed.expires_at
    FROM changed JOIN bumped ON bumped.id = changed.application_server_id
    RETURNING application_server_id
  )
  SELECT array_agg(DISTINCT application_server_id) INTO v_servers FROM stored;
  -- The channel of all streams: subscribers of an account and of an application server wait for different ids.
  PERFORM pg_notify('claviger_alerts', woken.id::text) FROM unnest(v_servers) AS woken (id);
END $$;
--> statement-breakpoint

-- Removes changes that are older than p_days, about p_batch of them, and raises the floors of their application servers
-- with it. Returns how many were removed. Any number of servers may call it at once: a row that is locked is left for
-- later.
CREATE FUNCTION prune_key_changes(p_days integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_removed integer;
BEGIN
  WITH old AS (
    SELECT application_server_id, position
    FROM key_changes
    WHERE occurred_at < clock_timestamp() - make_interval(days => p_days)
    ORDER BY occurred_at
    LIMIT p_batch
  ), ended AS (
    SELECT application_server_id, max(position) AS position FROM old GROUP BY application_server_id
  ), locked AS MATERIALIZED (
    SELECT s.id, ended.position
    FROM application_servers s JOIN ended ON ended.application_server_id = s.id
    ORDER BY s.name
    FOR NO KEY UPDATE OF s SKIP LOCKED
  ), removed AS (
    DELETE FROM key_changes USING locked
    WHERE key_changes.application_server_id = locked.id AND key_changes.position <= locked.position
    RETURNING 1
  ), raised AS (
    UPDATE application_servers SET change_floor = greatest(change_floor, locked.position)
    FROM locked WHERE application_servers.id = locked.id
  )
  SELECT count(*) INTO v_removed FROM removed;
  RETURN v_removed;
END $$;

-- Stores a change of each of these keys for its application server, when that one has registered, and wakes its streams.
-- Call it last: it locks the rows of application servers until the transaction ends (README.md).
-- A symmetric key is left out: no application server was ever shown it.
CREATE OR REPLACE FUNCTION record_key_changes(p_account_ids uuid[], p_transaction_key_ids uuid[], p_kind key_change_kind)
RETURNS void LANGUAGE plpgsql AS $$
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
END $$;

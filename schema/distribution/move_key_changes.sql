-- Takes changes that this node holds to one application server, chosen at random so that one whose node is away keeps no other
-- waiting, and wakes its streams. Returns how many were moved. On each node one session at a time does so: a key's changes keep
-- their order.
CREATE OR REPLACE FUNCTION move_key_changes(p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz;
  v_servers uuid[];
  v_server uuid;
  v_account uuid;
  v_change key_change_outbox;
  v_position bigint;
  v_moved integer := 0;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('claviger moving of key changes', 0)) THEN
    RETURN 0;
  END IF;
  v_servers := local_owners('key_change_outbox', 'application_server_id', 'true', p_batch);
  v_server := (SELECT id FROM unnest(v_servers) AS servers (id) ORDER BY random() LIMIT 1);
  IF v_server IS NULL THEN
    RETURN 0;
  END IF;
  UPDATE application_servers SET change_position = change_position WHERE id = v_server AND proved_at IS NOT NULL
  RETURNING change_position INTO v_position;
  -- Under the lock, so that times are in the order of positions.
  v_now := clock_timestamp();
  FOREACH v_account IN ARRAY
    local_owners('key_change_outbox', 'account_id', format('application_server_id = %L', v_server), p_batch)
  LOOP
    FOR v_change IN
      SELECT * FROM key_change_outbox WHERE account_id = v_account AND application_server_id = v_server
      ORDER BY recorded_at, place LIMIT p_batch
    LOOP
      IF v_position IS NOT NULL THEN
        v_position := v_position + 1;
        INSERT INTO key_changes (application_server_id, position, kind, occurred_at, thumbprint, expires_at)
        VALUES (v_server, v_position, v_change.kind, v_now, v_change.thumbprint, v_change.expires_at);
      END IF;
      DELETE FROM key_change_outbox WHERE account_id = v_account AND id = v_change.id;
      v_moved := v_moved + 1;
    END LOOP;
    EXIT WHEN v_moved >= p_batch;
  END LOOP;
  IF v_position IS NOT NULL THEN
    UPDATE application_servers SET change_position = v_position WHERE id = v_server;
    PERFORM pg_notify('claviger_alerts', v_server::text);
  END IF;
  RETURN v_moved;
END $$;

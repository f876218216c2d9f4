-- Removes changes of an application server that occurred before p_before, in their order, at most p_batch. Returns how many.
CREATE OR REPLACE FUNCTION prune_application_server_changes(p_application_server_id uuid, p_before timestamptz, p_batch integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_last record;
  v_removed integer;
BEGIN
  PERFORM 1 FROM application_servers WHERE id = p_application_server_id FOR NO KEY UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  SELECT judged.position, judged.occurred_at INTO v_last
  FROM (
    SELECT position, occurred_at, bool_or(occurred_at BETWEEN p_before AND v_now) OVER (ORDER BY position) AS is_kept
    FROM (
      SELECT position, occurred_at FROM key_changes WHERE application_server_id = p_application_server_id
      ORDER BY position LIMIT p_batch) AS oldest
  ) AS judged
  WHERE judged.occurred_at < p_before AND NOT judged.is_kept
  ORDER BY judged.position DESC LIMIT 1;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  DELETE FROM key_changes WHERE application_server_id = p_application_server_id AND position <= v_last.position;
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  UPDATE application_servers SET change_low_water_mark = v_last.position, change_low_water_mark_at = v_last.occurred_at
  WHERE id = p_application_server_id AND change_low_water_mark < v_last.position;
  RETURN v_removed;
END $$;

-- Removes changes that are older than p_days, about p_batch of them, and raises the low-water marks of their
-- application servers with it. Returns how many were removed. Any number of servers may call it at once: a row that is locked is left for
-- later. An application server's changes go in their order, as an account's alerts do.
CREATE OR REPLACE FUNCTION prune_key_changes(p_days integer, p_batch integer) RETURNS integer LANGUAGE plpgsql AS $$
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
END $$;

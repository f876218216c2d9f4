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

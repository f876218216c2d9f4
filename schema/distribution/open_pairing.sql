-- Opens a pairing. How many are open is not counted over all nodes: each key server has a bound of its own.
CREATE OR REPLACE FUNCTION open_pairing(p_id text, p_payload text, p_seconds integer, p_most integer)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  INSERT INTO pairings (id, payload, opened_at, expires_at)
  VALUES (p_id, p_payload, v_now, v_now + make_interval(secs => p_seconds))
  ON CONFLICT (id) DO NOTHING;
  RETURN FOUND;
END $$;

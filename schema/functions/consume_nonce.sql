-- Consumes the nonce of a request signature whose key is known to be good.
-- Returns GRANTED, SIGNATURE_EXPIRED, SIGNATURE_REPLAYED, or NONCES_FORGOTTEN when the clock was set back so far that the
-- signature cannot be told from a replay. p_created and p_expires are Unix seconds.
CREATE OR REPLACE FUNCTION consume_nonce(
  p_principal_id uuid, p_key_id text, p_nonce text, p_created bigint, p_expires bigint
) RETURNS text LANGUAGE plpgsql AS $$
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
END $$;

-- Consumes the nonce of a verified request signature by a management key, when the key is active.
-- Returns SIGNATURE_INVALID when it is not, or what consume_nonce returns.
CREATE OR REPLACE FUNCTION consume_management_key_nonce(
  p_account_id uuid, p_management_key_id text, p_nonce text, p_created bigint, p_expires bigint
) RETURNS text LANGUAGE plpgsql AS $$
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
END $$;

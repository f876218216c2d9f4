-- Consumes the nonce of a verified request signature by an application server's key, when the key is proved and active.
-- Returns SIGNATURE_INVALID when it is not, or what consume_nonce returns.
CREATE OR REPLACE FUNCTION consume_application_server_nonce(
  p_application_server_id uuid, p_key_id text, p_nonce text, p_created bigint, p_expires bigint
) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF NOT is_active_application_server_key(p_application_server_id, p_key_id) THEN
    RETURN 'SIGNATURE_INVALID';
  END IF;
  RETURN consume_nonce(p_application_server_id, p_key_id, p_nonce, p_created, p_expires);
END $$;

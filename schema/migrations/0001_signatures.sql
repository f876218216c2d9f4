-- How a request's signature is claimed: the last part of its check, in the transaction of the request's effect.

-- Consumes the nonce of a request signature whose key is known to be good.
-- Returns GRANTED, SIGNATURE_EXPIRED or SIGNATURE_REPLAYED. p_created and p_expires are Unix seconds.
CREATE FUNCTION consume_nonce(
  p_account_id uuid, p_management_key_id text, p_nonce text, p_created bigint, p_expires bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_now double precision := extract(epoch FROM clock_timestamp());
BEGIN
  IF v_now < p_created - 30 OR v_now > p_expires THEN
    RETURN 'SIGNATURE_EXPIRED';
  END IF;
  INSERT INTO nonces (account_id, management_key_id, nonce, expires_at)
  VALUES (p_account_id, p_management_key_id, p_nonce, to_timestamp(p_expires))
  ON CONFLICT DO NOTHING;
  RETURN CASE WHEN FOUND THEN 'GRANTED' ELSE 'SIGNATURE_REPLAYED' END;
END $$;
--> statement-breakpoint

-- Claims a verified request signature: the management key is active, the time is right, the nonce is new.
-- Returns GRANTED, SIGNATURE_INVALID, SIGNATURE_EXPIRED or SIGNATURE_REPLAYED.
CREATE FUNCTION claim_signature(
  p_account_id uuid, p_management_key_id text, p_nonce text, p_created bigint, p_expires bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_last_used_at timestamptz;
  v_outcome text;
BEGIN
  SELECT last_used_at INTO v_last_used_at
  FROM management_keys
  WHERE account_id = p_account_id AND id = p_management_key_id AND revoked_at IS NULL;
  IF NOT FOUND THEN
    RETURN 'SIGNATURE_INVALID';
  END IF;
  v_outcome := consume_nonce(p_account_id, p_management_key_id, p_nonce, p_created, p_expires);
  IF v_outcome = 'GRANTED' AND (v_last_used_at IS NULL OR v_last_used_at < clock_timestamp() - interval '1 minute') THEN
    UPDATE management_keys SET last_used_at = clock_timestamp()
    WHERE account_id = p_account_id AND id = p_management_key_id;
  END IF;
  RETURN v_outcome;
END $$;
--> statement-breakpoint

-- The active management key that a request is signed by, when its signature was claimed before: a request outlives
-- the moment in which it was checked, and its key may be revoked meanwhile, even by the request itself.
CREATE FUNCTION is_active_management_key(p_account_id uuid, p_management_key_id text)
RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT FROM management_keys
    WHERE account_id = p_account_id AND id = p_management_key_id AND revoked_at IS NULL)
$$;
--> statement-breakpoint

-- Claims a verified request signature of an application server: its key is active, the time is right, the nonce is new.
-- Returns GRANTED, SIGNATURE_INVALID, SIGNATURE_EXPIRED or SIGNATURE_REPLAYED.
CREATE FUNCTION claim_application_server_signature(
  p_application_server_id uuid, p_key_id text, p_nonce text, p_created bigint, p_expires bigint
) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF NOT is_active_application_server_key(p_application_server_id, p_key_id) THEN
    RETURN 'SIGNATURE_INVALID';
  END IF;
  RETURN consume_nonce(p_application_server_id, p_key_id, p_nonce, p_created, p_expires);
END $$;
--> statement-breakpoint

-- The active key that an application server's request is signed by.
CREATE FUNCTION is_active_application_server_key(p_application_server_id uuid, p_key_id text)
RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT FROM application_server_keys
    WHERE id = p_key_id AND application_server_id = p_application_server_id
      AND proof IS NOT NULL AND revoked_at IS NULL)
$$;

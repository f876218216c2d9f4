-- Stores a transaction key for one request on the node that holds the account, as store_transaction_key_group stores a group of
-- one that waits for locks.
CREATE OR REPLACE FUNCTION store_transaction_key(
  p_account_id uuid, p_management_key_id text, p_nonce text, p_created bigint, p_expires bigint, p_address text,
  p_key json, p_default_notices integer[], p_keys_max integer, p_bytes_max integer
) RETURNS TABLE (
  outcome text, state text, created_at timestamptz, expiry_notices json, quota text, quota_limit integer
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
  v_newest double precision := extract(epoch FROM v_now) + 30;
  v_key record;
  v_signers text[];
  v_stored bytea;
  v_bytes bigint;
  v_notices integer[];
  v_usage account_usage;
BEGIN
  PERFORM take_management_keys_lock(p_account_id, true);
  IF p_nonce IS NOT NULL THEN
    outcome := consume_management_key_nonce(p_account_id, p_management_key_id, p_nonce, p_created, p_expires);
  ELSIF is_active_management_key(p_account_id, p_management_key_id) THEN
    outcome := 'GRANTED';
  ELSE
    outcome := 'SIGNATURE_INVALID';
  END IF;
  IF outcome <> 'GRANTED' THEN
    RETURN NEXT;
    RETURN;
  END IF;
  PERFORM add_usage(p_account_id, 0, 0, p_keys_max, p_bytes_max);

  SELECT * INTO v_key FROM json_to_record(p_key) AS k (
    id uuid, application_server text, label text, public_key jsonb, thumbprint text, not_before timestamptz,
    expires_at timestamptz, expiry_notices integer[], max_uses integer, overuse_policy overuse_policy, content_hash text,
    certificate text, certificate_signer text, certificate_iat bigint, possession text, possession_iat bigint,
    is_refused boolean, wrapped_keys json);
  v_signers := ARRAY(
    SELECT id FROM management_keys WHERE account_id = p_account_id AND revoked_at IS NULL AND kind <> 'VIEWER');
  v_stored := (SELECT content_hash FROM transaction_keys WHERE account_id = p_account_id AND id = v_key.id);
  v_bytes := coalesce(octet_length(v_key.certificate), 0) + (
    SELECT sum(octet_length(jwe)) FROM json_to_recordset(v_key.wrapped_keys) AS w (jwe text));
  SELECT * INTO v_usage FROM account_usage WHERE account_id = p_account_id;
  v_usage.transaction_keys_max := coalesce(v_usage.transaction_keys_max, p_keys_max);
  v_usage.stored_bytes_max := coalesce(v_usage.stored_bytes_max, p_bytes_max);
  IF EXISTS (
    SELECT FROM json_to_recordset(v_key.wrapped_keys) AS w (management_key_id text)
    WHERE (w.management_key_id = ANY (v_signers)) IS NOT TRUE
  ) THEN
    outcome := 'NOT_FOUND';
  ELSIF v_stored IS NOT NULL THEN
    outcome := CASE WHEN v_stored = decode(v_key.content_hash, 'hex') THEN 'REPEATED' ELSE 'CONFLICT_OF_ID' END;
  ELSIF EXISTS (
    SELECT FROM transaction_keys
    WHERE account_id = p_account_id AND application_server = v_key.application_server AND thumbprint = v_key.thumbprint
  ) THEN
    outcome := 'CONFLICT_OF_PUBLIC_KEY';
  ELSIF v_key.certificate IS NOT NULL AND (v_key.certificate_signer = ANY (v_signers)) IS NOT TRUE THEN
    outcome := 'CERTIFICATE_SIGNER_UNKNOWN';
  ELSIF v_key.is_refused THEN
    outcome := 'STATEMENT_REFUSED';
  ELSIF v_key.certificate_iat > v_newest THEN
    outcome := 'CERTIFICATE_AHEAD';
  ELSIF v_key.possession_iat > v_newest THEN
    outcome := 'POSSESSION_AHEAD';
  ELSIF v_usage.transaction_keys + 1 > v_usage.transaction_keys_max THEN
    outcome := 'QUOTA_EXCEEDED';
    quota := 'transactionKeys';
    quota_limit := v_usage.transaction_keys_max;
  ELSIF v_usage.stored_bytes + v_bytes > v_usage.stored_bytes_max THEN
    outcome := 'QUOTA_EXCEEDED';
    quota := 'storedBytes';
    quota_limit := v_usage.stored_bytes_max;
  END IF;
  IF outcome <> 'GRANTED' THEN
    RETURN NEXT;
    RETURN;
  END IF;

  v_notices := coalesce(v_key.expiry_notices, ARRAY(
    SELECT seconds FROM unnest(p_default_notices) AS seconds
    WHERE v_key.expires_at - make_interval(secs => seconds) > v_now));
  INSERT INTO transaction_keys (account_id, id, application_server, label, public_key, thumbprint, not_before, expires_at,
    expiry_notices, has_default_notices, certificate, possession, content_hash, created_at)
  VALUES (p_account_id, v_key.id, v_key.application_server, v_key.label, v_key.public_key, v_key.thumbprint, v_key.not_before,
    v_key.expires_at, v_notices, v_key.expiry_notices IS NULL, v_key.certificate, v_key.possession,
    decode(v_key.content_hash, 'hex'), v_now);
  INSERT INTO transaction_key_usage (account_id, transaction_key_id, max_uses, overuse_policy)
  VALUES (p_account_id, v_key.id, v_key.max_uses, v_key.overuse_policy);
  INSERT INTO wrapped_keys (account_id, transaction_key_id, management_key_id, jwe)
  SELECT p_account_id, v_key.id, w.management_key_id, w.jwe
  FROM json_to_recordset(v_key.wrapped_keys) AS w (management_key_id text, jwe text);
  IF v_key.expires_at IS NOT NULL THEN
    INSERT INTO deadlines (account_id, transaction_key_id, notice_seconds, due_at, expires_at, taken_at)
    SELECT p_account_id, v_key.id, due.seconds, due.at, v_key.expires_at,
      CASE WHEN due.seconds > 0 AND due.at <= v_now THEN v_now END
    FROM (
      SELECT seconds, v_key.expires_at - make_interval(secs => seconds) AS at FROM unnest(v_notices || 0) AS seconds) AS due;
  END IF;
  INSERT INTO audit_pending (account_id, occurred_at, action, management_key_id, transaction_key_id, address)
  VALUES (p_account_id, v_now, 'KEY_STORED', p_management_key_id, v_key.id, p_address);
  UPDATE account_usage SET transaction_keys = transaction_keys + 1, stored_bytes = stored_bytes + v_bytes
  WHERE account_id = p_account_id;
  state := transaction_key_state(NULL, v_key.not_before, v_key.expires_at, v_now);
  created_at := v_now::timestamptz(3);
  expiry_notices := array_to_json(v_notices);
  RETURN NEXT;
END $$;

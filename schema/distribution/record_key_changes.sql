-- Notes changes of keys of one account, beside the account's rows, for application servers that have registered. move_key_changes
-- takes them from there to the rows of the application servers, which other nodes may hold: whoever changes a key waits for none
-- of them. application_server_keys is on every node; one that was ever proved tells that its application server follows its keys.
CREATE OR REPLACE FUNCTION record_key_changes(p_account_ids uuid[], p_transaction_key_ids uuid[], p_kind key_change_kind)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_key record;
  v_server uuid;
  v_place integer := 0;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM application_server_keys WHERE proof IS NOT NULL) THEN
    RETURN;
  END IF;
  FOR v_key IN
    SELECT application_server, thumbprint, expires_at FROM transaction_keys
    WHERE account_id = p_account_ids[1] AND id = ANY (p_transaction_key_ids) AND thumbprint IS NOT NULL
    ORDER BY array_position(p_transaction_key_ids, id)
  LOOP
    v_server := application_server_id_of(v_key.application_server);
    CONTINUE WHEN NOT EXISTS (
      SELECT 1 FROM application_server_keys WHERE application_server_id = v_server AND proof IS NOT NULL);
    v_place := v_place + 1;
    INSERT INTO key_change_outbox (account_id, application_server_id, kind, recorded_at, place, thumbprint, expires_at)
    VALUES (p_account_ids[1], v_server, p_kind, v_now, v_place, v_key.thumbprint, v_key.expires_at);
  END LOOP;
END $$;

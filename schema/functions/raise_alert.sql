-- Stores one alert and announces it. Call it late in a transaction: it locks the account's row until the end. p_details has
-- the members of the kind (AlertDetailsByKind in schema/tables/alerts.ts).
CREATE OR REPLACE FUNCTION raise_alert(
  p_account_id uuid, p_kind alert_kind, p_transaction_key_id uuid, p_management_key_id text, p_details jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_position bigint;
  v_now timestamptz;
BEGIN
  UPDATE accounts SET alert_position = alert_position + 1
  WHERE id = p_account_id
  RETURNING alert_position INTO v_position;
  -- Under the lock, so that times are in the order of positions.
  v_now := clock_timestamp();
  INSERT INTO alerts (account_id, position, kind, occurred_at, transaction_key_id, management_key_id, details)
  VALUES (p_account_id, v_position, p_kind, v_now, p_transaction_key_id, p_management_key_id, p_details);
  PERFORM announce_alerts(ARRAY[p_account_id]);
END $$;

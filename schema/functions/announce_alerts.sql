-- Tells webhooks, channels and subscribers that these accounts have new alerts, in the transaction that stores them. It is a statement
-- of its own that follows the lock of the accounts' rows, so it sees every webhook that was set before.
CREATE OR REPLACE FUNCTION announce_alerts(p_account_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  UPDATE webhooks
  SET newest_position = accounts.alert_position,
      due_at = CASE
        -- A channel's confirmation and farewell have a time of their own, and no alerts.
        WHEN webhooks.notice IS NOT NULL THEN webhooks.due_at
        WHEN webhooks.disabled_at IS NULL THEN coalesce(webhooks.due_at, greatest(v_now, webhooks.paused_until))
      END
  FROM accounts
  WHERE accounts.id = webhooks.account_id AND webhooks.account_id = ANY (p_account_ids);
  PERFORM pg_notify('claviger_alerts', account_id::text) FROM unnest(p_account_ids) AS woken (account_id);
END $$;

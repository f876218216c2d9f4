-- Stores the over-use alert of a key whose row the caller has locked, when its excess is due for one, and sets the next.
CREATE OR REPLACE FUNCTION raise_overuse_alert(
  p_usage transaction_key_usage, p_excess bigint, p_refused boolean, p_management_key_id text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_next bigint := p_usage.next_alert_excess;
BEGIN
  IF p_excess < v_next THEN
    RETURN;
  END IF;
  WHILE v_next <= p_excess LOOP
    v_next := v_next * 2;
  END LOOP;
  UPDATE transaction_key_usage SET next_alert_excess = v_next
  WHERE account_id = p_usage.account_id AND transaction_key_id = p_usage.transaction_key_id;
  PERFORM raise_alert(
    p_usage.account_id, 'KEY_OVERUSED', p_usage.transaction_key_id, p_management_key_id,
    jsonb_build_object('maxUses', p_usage.max_uses, 'excess', p_excess, 'refused', p_refused));
END $$;

-- Ends the lease of a webhook or channel after a failed attempt, with another one in p_delay_seconds, or with none for null: then it is
-- disabled. Changes nothing when the lease is no longer held.
CREATE OR REPLACE FUNCTION record_failed_delivery(
  p_account_id uuid, p_id uuid, p_lease uuid, p_failure text, p_delay_seconds double precision
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_due_at timestamptz := v_now + make_interval(secs => p_delay_seconds);
  v_disabled_at timestamptz := CASE WHEN p_delay_seconds IS NULL THEN v_now END;
BEGIN
  UPDATE webhooks
  SET attempts = attempts + 1, failing_since = coalesce(failing_since, v_now), failure = p_failure, due_at = v_due_at,
    disabled_at = v_disabled_at, lease = NULL, leased_until = NULL
  WHERE account_id = p_account_id AND id = p_id AND lease = p_lease;
END $$;

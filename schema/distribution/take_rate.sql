-- Takes one of a limit, as a row that is locked and then written: the engine adds no interval to a time in an ON CONFLICT.
CREATE OR REPLACE FUNCTION take_rate(
  p_limit text, p_client text, p_count double precision, p_seconds double precision
) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_each interval := make_interval(secs => p_seconds / p_count);
  -- No later, whatever the clock showed when others were taken.
  v_full_at_most timestamptz := v_now + make_interval(secs => p_seconds);
  v_first_full_at timestamptz := v_now + v_each;
  v_full_at timestamptz;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  INSERT INTO rates (limit_name, client, full_at) VALUES (p_limit, p_client, v_first_full_at) ON CONFLICT DO NOTHING;
  IF FOUND THEN
    RETURN 0;
  END IF;
  SELECT full_at INTO v_full_at FROM rates WHERE limit_name = p_limit AND client = p_client FOR NO KEY UPDATE;
  v_full_at := greatest(least(coalesce(v_full_at, v_now), v_full_at_most), v_now) + v_each;
  IF v_full_at > v_full_at_most THEN
    RETURN greatest(extract(epoch FROM v_full_at - v_full_at_most), 0.001);
  END IF;
  UPDATE rates SET full_at = v_full_at WHERE limit_name = p_limit AND client = p_client;
  RETURN 0;
END $$;

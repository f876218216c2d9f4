-- Takes one of a limit of p_count in p_seconds, which is refilled evenly (the generic cell rate algorithm). Returns 0, or how many
-- seconds it takes until there is one to take; then nothing is written. To be called alone, in a transaction of its own:
-- its commit does not wait for the disk, since a crash may forget what was taken.
CREATE OR REPLACE FUNCTION take_rate(
  p_limit text, p_client text, p_count double precision, p_seconds double precision
) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_each interval := make_interval(secs => p_seconds / p_count);
  -- No later, whatever the clock showed when others were taken.
  v_full_at_most timestamptz := v_now + make_interval(secs => p_seconds);
  v_full_at timestamptz;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  INSERT INTO rates AS r (limit_name, client, full_at) VALUES (p_limit, p_client, v_now + v_each)
  ON CONFLICT (limit_name, client) DO UPDATE
  SET full_at = greatest(least(r.full_at, v_full_at_most), v_now) + v_each
  WHERE greatest(least(r.full_at, v_full_at_most), v_now) + v_each <= v_full_at_most;
  IF FOUND THEN
    RETURN 0;
  END IF;
  SELECT least(full_at, v_full_at_most) INTO v_full_at FROM rates WHERE limit_name = p_limit AND client = p_client;
  RETURN greatest(extract(epoch FROM coalesce(v_full_at, v_now) + v_each - v_full_at_most), 0.001);
END $$;

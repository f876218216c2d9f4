-- Notes what the clock shows. p_seen_ms is what this function answered the caller last, and p_passed_ms how many
-- milliseconds the caller has measured since; both are null the first time. Returns the count as it is now.
-- A caller adds to the newest count only when it has seen it and measured from there on. So between two rows at least as
-- much time has passed as they differ by, whoever wrote them, and the count goes on when servers come and go.
CREATE OR REPLACE FUNCTION sight_clock(p_seen_ms bigint, p_passed_ms bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz;
  v_elapsed_ms bigint;
BEGIN
  -- Two that have seen the same count would each add to it.
  LOCK TABLE clock_sightings IN SHARE ROW EXCLUSIVE MODE;
  v_now := clock_timestamp();
  SELECT max(elapsed_ms) INTO v_elapsed_ms FROM clock_sightings;
  v_elapsed_ms := coalesce(v_elapsed_ms, 0) + CASE WHEN v_elapsed_ms = p_seen_ms THEN greatest(p_passed_ms, 0) ELSE 0 END;
  INSERT INTO clock_sightings AS s (elapsed_ms, clock) VALUES (v_elapsed_ms, v_now)
  ON CONFLICT (elapsed_ms) DO UPDATE SET clock = least(s.clock, excluded.clock);
  DELETE FROM clock_sightings
  WHERE elapsed_ms < (SELECT max(elapsed_ms) FROM clock_sightings WHERE elapsed_ms <= v_elapsed_ms - settling_ms());
  RETURN v_elapsed_ms;
END $$;

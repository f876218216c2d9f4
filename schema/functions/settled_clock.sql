-- The time that the clock has shown, or a later one, at every sighting of a stretch of at least settling_ms, and shows
-- now; -infinity until so much was measured.
-- Whatever happens once and cannot be undone waits for it, so a clock that was set ahead and then right again removes nothing
-- (docs/adr/0015-settled-clock.md). A decision that is made anew at each reading follows clock_timestamp().
CREATE OR REPLACE FUNCTION settled_clock() RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT least(clock_timestamp(), coalesce((
    SELECT min(clock) FROM clock_sightings
    WHERE elapsed_ms >= (
      SELECT max(elapsed_ms) FROM clock_sightings
      WHERE elapsed_ms <= (SELECT max(elapsed_ms) FROM clock_sightings) - settling_ms())), '-infinity'))
$$;

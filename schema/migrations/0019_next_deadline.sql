SET LOCAL check_function_bodies = off;
--> statement-breakpoint
-- The milliseconds until the next deadline is due that nobody has taken, none or less when one is. Null when there is none, and
-- where the tables are distributed.
-- Volatile, so that it sees what its own statement has swept.
CREATE OR REPLACE FUNCTION next_deadline_ms() RETURNS double precision LANGUAGE plpgsql AS $$
BEGIN
  RETURN extract(epoch FROM (SELECT min(due_at) FROM deadlines WHERE taken_at IS NULL) - clock_timestamp()) * 1000;
END $$;

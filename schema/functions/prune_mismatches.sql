-- Removes presented keys that may be told of again. One of an hour that lies ahead was told of while the clock was wrong: it is to
-- silence the next one no longer than an hour. Few rows by design: some for each owner and hour.
CREATE OR REPLACE FUNCTION prune_mismatches() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_before timestamptz := settled_clock() - interval '1 hour';
BEGIN
  DELETE FROM mismatches
  WHERE (alerted_at < v_before AND telling <> 'WAITING') OR alerted_at > v_now + interval '1 minute';
END $$;

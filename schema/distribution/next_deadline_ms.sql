-- A node's shards have an index each, and the least of all is not worth asking for.
CREATE OR REPLACE FUNCTION next_deadline_ms() RETURNS double precision LANGUAGE plpgsql AS $$
BEGIN
  RETURN NULL;
END $$;

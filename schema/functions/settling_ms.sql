-- How long the clock must have shown a time, in milliseconds on clocks that are never set.
CREATE OR REPLACE FUNCTION settling_ms() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 300000::bigint';

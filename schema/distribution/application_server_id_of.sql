-- The id of the application server with this name (server/application-servers/application-server-id.ts).
CREATE OR REPLACE FUNCTION application_server_id_of(p_name text) RETURNS uuid LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_bytes bytea := substring(sha256(convert_to('claviger application server' || E'\n' || p_name, 'UTF8')) FROM 1 FOR 16);
BEGIN
  v_bytes := set_byte(v_bytes, 6, (get_byte(v_bytes, 6) & 15) | 128);
  v_bytes := set_byte(v_bytes, 8, (get_byte(v_bytes, 8) & 63) | 128);
  RETURN encode(v_bytes, 'hex')::uuid;
END $$;

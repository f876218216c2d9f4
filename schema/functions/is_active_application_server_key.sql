-- Whether an application server's key is proved and not revoked.
CREATE OR REPLACE FUNCTION is_active_application_server_key(p_application_server_id uuid, p_key_id text)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM application_server_keys
    WHERE id = p_key_id AND application_server_id = p_application_server_id
      AND proof IS NOT NULL AND revoked_at IS NULL);
END $$;

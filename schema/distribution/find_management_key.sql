-- Finds a management key of an account that this node holds, for as long as the directory of all of them cannot be reached: a row,
-- or none.
CREATE OR REPLACE FUNCTION find_management_key(p_id text)
RETURNS TABLE (account_id uuid, signing_key jsonb, is_viewer boolean) LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_shard regclass;
BEGIN
  FOR v_shard IN SELECT * FROM local_shards('management_keys') LOOP
    RETURN QUERY EXECUTE format(
      'SELECT account_id, signing_key, kind = ''VIEWER'' FROM %s WHERE id = $1', v_shard) USING p_id;
  END LOOP;
END $$;

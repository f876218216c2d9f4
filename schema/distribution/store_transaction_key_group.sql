-- Stores a transaction key for each of several requests, one after the other on the nodes that hold their accounts.
CREATE OR REPLACE FUNCTION store_transaction_key_group(
  p_account_ids uuid[], p_management_key_ids text[], p_nonces text[], p_created bigint[], p_expires bigint[], p_addresses text[],
  p_keys json, p_default_notices integer[], p_keys_max integer, p_bytes_max integer, p_waits boolean
) RETURNS TABLE (
  place integer, outcome text, state text, created_at timestamptz, expiry_notices json, quota text, quota_limit integer
) LANGUAGE plpgsql AS $$
BEGIN
  FOR v_place IN 1 .. cardinality(p_account_ids) LOOP
    RETURN QUERY
      SELECT v_place, s.*
      FROM store_transaction_key(
        p_account_ids[v_place], p_management_key_ids[v_place], p_nonces[v_place], p_created[v_place], p_expires[v_place],
        p_addresses[v_place], p_keys -> (v_place - 1), p_default_notices, p_keys_max, p_bytes_max) AS s;
  END LOOP;
END $$;

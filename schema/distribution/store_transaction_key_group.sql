-- Stores a transaction key for each of several requests whose accounts this node holds, by one commit: shard by shard as one
-- PostgreSQL does. Requests of accounts that are elsewhere are decided ALONE, and a group that waits on the node of its account.
CREATE OR REPLACE FUNCTION store_transaction_key_group(
  p_account_ids uuid[], p_management_key_ids text[], p_nonces text[], p_created bigint[], p_expires bigint[], p_addresses text[],
  p_keys json, p_default_notices integer[], p_keys_max integer, p_bytes_max integer, p_waits boolean
) RETURNS TABLE (
  place integer, outcome text, state text, created_at timestamptz, expiry_notices json, quota text, quota_limit integer
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_held record;
  v_part record;
BEGIN
  FOR v_held IN SELECT * FROM hold_local_shards(p_account_ids) LOOP
    IF v_held.shard IS NULL AND p_waits THEN
      FOR v_place IN 1 .. cardinality(p_account_ids) LOOP
        RETURN QUERY
          SELECT v_place, stored.*
          FROM store_transaction_key(
            p_account_ids[v_place], p_management_key_ids[v_place], p_nonces[v_place], p_created[v_place], p_expires[v_place],
            p_addresses[v_place], p_keys -> (v_place - 1), p_default_notices, p_keys_max, p_bytes_max) AS stored;
      END LOOP;
      CONTINUE;
    ELSIF v_held.shard IS NULL THEN
      RETURN QUERY
        SELECT elsewhere.place, 'ALONE', NULL::text, NULL::timestamptz, NULL::json, NULL::text, NULL::integer
        FROM unnest(v_held.places) AS elsewhere (place);
      CONTINUE;
    END IF;
    SELECT array_agg(a.account_id ORDER BY a.place) AS account_ids, array_agg(a.management_key_id ORDER BY a.place) AS management_key_ids,
      array_agg(a.nonce ORDER BY a.place) AS nonces, array_agg(a.created ORDER BY a.place) AS created,
      array_agg(a.expires ORDER BY a.place) AS expires, array_agg(a.address ORDER BY a.place) AS addresses,
      json_agg(a.key ORDER BY a.place) AS keys
    INTO v_part
    FROM ROWS FROM (
      unnest(p_account_ids, p_management_key_ids, p_nonces, p_created, p_expires, p_addresses), json_array_elements(p_keys)
    ) WITH ORDINALITY AS a (account_id, management_key_id, nonce, created, expires, address, key, place)
    WHERE a.place = ANY (v_held.places);
    RETURN QUERY EXECUTE format(
      'SELECT ($12)[d.place], d.outcome, d.state, d.created_at, d.expiry_notices, d.quota, d.quota_limit '
      'FROM %s($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS d',
      shard_function('store_transaction_key_group', v_held.shard))
      USING v_part.account_ids, v_part.management_key_ids, v_part.nonces, v_part.created, v_part.expires, v_part.addresses,
        v_part.keys, p_default_notices, p_keys_max, p_bytes_max, p_waits, v_held.places;
  END LOOP;
END $$;

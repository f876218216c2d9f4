-- Acquires a wrapped key for each of several requests whose accounts this node holds, by one commit: shard by shard as one
-- PostgreSQL does. Requests of accounts that are elsewhere are decided ALONE.
CREATE OR REPLACE FUNCTION acquire_wrapped_key_group(
  p_account_ids uuid[], p_management_key_ids text[], p_nonces text[], p_created bigint[], p_expires bigint[],
  p_transaction_key_ids uuid[], p_acquisition_ids uuid[], p_addresses text[], p_acquisition_hours integer, p_waits boolean
) RETURNS TABLE (place integer, outcome text, wrapped_key text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_held record;
  v_part record;
BEGIN
  FOR v_held IN SELECT * FROM hold_local_shards(p_account_ids) LOOP
    IF v_held.shard IS NULL THEN
      RETURN QUERY SELECT elsewhere.place, 'ALONE', NULL::text FROM unnest(v_held.places) AS elsewhere (place);
      CONTINUE;
    END IF;
    SELECT array_agg(a.account_id ORDER BY a.place) AS account_ids, array_agg(a.management_key_id ORDER BY a.place) AS management_key_ids,
      array_agg(a.nonce ORDER BY a.place) AS nonces, array_agg(a.created ORDER BY a.place) AS created,
      array_agg(a.expires ORDER BY a.place) AS expires, array_agg(a.transaction_key_id ORDER BY a.place) AS transaction_key_ids,
      array_agg(a.acquisition_id ORDER BY a.place) AS acquisition_ids, array_agg(a.address ORDER BY a.place) AS addresses
    INTO v_part
    FROM unnest(p_account_ids, p_management_key_ids, p_nonces, p_created, p_expires, p_transaction_key_ids, p_acquisition_ids, p_addresses)
      WITH ORDINALITY AS a (account_id, management_key_id, nonce, created, expires, transaction_key_id, acquisition_id, address, place)
    WHERE a.place = ANY (v_held.places);
    RETURN QUERY EXECUTE format(
      'SELECT ($11)[decided.place], decided.outcome, decided.wrapped_key FROM %s($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS decided',
      shard_function('acquire_wrapped_key_group', v_held.shard))
      USING v_part.account_ids, v_part.management_key_ids, v_part.nonces, v_part.created, v_part.expires, v_part.transaction_key_ids,
        v_part.acquisition_ids, v_part.addresses, p_acquisition_hours, p_waits, v_held.places;
  END LOOP;
END $$;

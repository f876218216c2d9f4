-- Looks up a public key for each of several questions: about accounts that this node holds shard by shard, as one PostgreSQL does,
-- and about others by one statement that reaches the shards of these accounts alone.
CREATE OR REPLACE FUNCTION look_up_public_keys(p_account_ids uuid[], p_application_servers text[], p_thumbprints text[])
RETURNS TABLE (
  state text, not_before timestamptz, expires_at timestamptz, certificate text, possession text, revocation text,
  checked_at timestamptz
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := statement_timestamp();
  v_held record;
  v_asked record;
  v_part record;
  v_places integer[] := '{}';
  v_states text[] := '{}';
  v_not_before timestamptz[] := '{}';
  v_expires_at timestamptz[] := '{}';
  v_certificates text[] := '{}';
  v_possessions text[] := '{}';
  v_revocations text[] := '{}';
BEGIN
  FOR v_held IN SELECT * FROM hold_local_shards(p_account_ids) LOOP
    SELECT array_agg(a.account_id ORDER BY a.place) AS account_ids,
      array_agg(a.application_server ORDER BY a.place) AS application_servers, array_agg(a.thumbprint ORDER BY a.place) AS thumbprints
    INTO v_asked
    FROM unnest(p_account_ids, p_application_servers, p_thumbprints)
      WITH ORDINALITY AS a (account_id, application_server, thumbprint, place)
    WHERE a.place = ANY (v_held.places);
    IF v_held.shard IS NOT NULL THEN
      EXECUTE format(
        'SELECT array_agg(d.state) AS states, array_agg(d.not_before) AS not_before, array_agg(d.expires_at) AS expires_at, '
        'array_agg(d.certificate) AS certificates, array_agg(d.possession) AS possessions, array_agg(d.revocation) AS revocations '
        'FROM %s($1, $2, $3) AS d', shard_function('look_up_public_keys', v_held.shard))
        INTO v_part USING v_asked.account_ids, v_asked.application_servers, v_asked.thumbprints;
    ELSE
      SELECT array_agg(found.state ORDER BY place) AS states, array_agg(found.not_before ORDER BY place) AS not_before,
        array_agg(found.expires_at ORDER BY place) AS expires_at, array_agg(found.certificate ORDER BY place) AS certificates,
        array_agg(found.possession ORDER BY place) AS possessions, array_agg(found.revocation ORDER BY place) AS revocations
      INTO v_part
      FROM generate_series(1, cardinality(v_asked.account_ids)) AS places (place)
      LEFT JOIN (
        SELECT listed.place, transaction_key_state(u.revoked_at, k.not_before, k.expires_at, v_now) AS state,
          k.not_before, k.expires_at, k.certificate, k.possession, k.revocation
        FROM unnest(v_asked.account_ids, v_asked.application_servers, v_asked.thumbprints)
          WITH ORDINALITY AS listed (account_id, application_server, thumbprint, place)
        JOIN transaction_keys k ON k.account_id = listed.account_id AND k.application_server = listed.application_server
          AND k.thumbprint = listed.thumbprint
        JOIN accounts a ON a.id = k.account_id AND a.suspended_at IS NULL
        JOIN transaction_key_usage u ON u.account_id = k.account_id AND u.transaction_key_id = k.id
        WHERE k.account_id = ANY (v_asked.account_ids)
      ) AS found USING (place);
    END IF;
    v_places := v_places || v_held.places;
    v_states := v_states || v_part.states;
    v_not_before := v_not_before || v_part.not_before;
    v_expires_at := v_expires_at || v_part.expires_at;
    v_certificates := v_certificates || v_part.certificates;
    v_possessions := v_possessions || v_part.possessions;
    v_revocations := v_revocations || v_part.revocations;
  END LOOP;
  RETURN QUERY
    SELECT a.state, a.not_before, a.expires_at, a.certificate, a.possession, a.revocation, v_now
    FROM unnest(v_places, v_states, v_not_before, v_expires_at, v_certificates, v_possessions, v_revocations)
      AS a (place, state, not_before, expires_at, certificate, possession, revocation)
    ORDER BY a.place;
END $$;

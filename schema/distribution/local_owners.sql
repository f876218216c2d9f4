-- The owners (values of the column that a table is distributed by) of rows that this node holds and that fulfil a condition,
-- in their order: p_most rows of each shard are looked at.
CREATE OR REPLACE FUNCTION local_owners(p_table text, p_column text, p_condition text, p_most integer)
RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_shard regclass;
  v_found uuid[];
  v_owners uuid[] := '{}';
BEGIN
  FOR v_shard IN SELECT * FROM local_shards(p_table) LOOP
    EXECUTE format(
      'SELECT array_agg(DISTINCT found.%1$I) FROM (SELECT %1$I FROM %2$s WHERE %3$s LIMIT %4$s) AS found',
      p_column, v_shard, p_condition, p_most) INTO v_found;
    v_owners := v_owners || coalesce(v_found, '{}');
  END LOOP;
  RETURN ARRAY(SELECT owner FROM unnest(v_owners) AS owners (owner) ORDER BY owner);
END $$;

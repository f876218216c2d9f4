-- The name of a function that does to the tables of one shard what a function of one PostgreSQL does to its own, so that the engine
-- plans none of its statements. `claviger database distribute` keeps the texts of such functions under names that end in _of_shard.
-- Each session makes its own when it first needs one, and anew when the texts have changed: plans are kept as on one PostgreSQL.
-- p_shard is a shard of accounts that this node holds (hold_local_shards).
CREATE OR REPLACE FUNCTION shard_function(p_name text, p_shard bigint)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_suffix text := format('_%s_%s', p_shard, (SELECT xmin FROM pg_proc WHERE oid = to_regproc(p_name || '_of_shard')));
  v_function text := 'pg_temp.' || p_name || v_suffix;
  v_names text[];
  v_name text;
  v_shard text;
  v_text text;
BEGIN
  IF to_regproc(v_function) IS NOT NULL THEN
    RETURN v_function;
  END IF;
  PERFORM set_config('citus.enable_ddl_propagation', 'off', true);
  v_names := ARRAY(
    SELECT left(proname, -length('_of_shard')) FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND proname LIKE '%\_of\_shard');
  FOREACH v_name IN ARRAY v_names LOOP
    v_text := pg_get_functiondef(to_regproc(v_name || '_of_shard'));
    v_text := regexp_replace(v_text, '^(CREATE OR REPLACE FUNCTION )[^(]+', '\1pg_temp.' || v_name || v_suffix);
    FOREACH v_name IN ARRAY v_names LOOP
      v_text := regexp_replace(v_text, format('(?<!\.)\m%s\(', v_name), format('pg_temp.%s%s(', v_name, v_suffix), 'g');
    END LOOP;
    -- A shard gives its rows no positions.
    v_text := regexp_replace(v_text, '(INSERT INTO audit_pending) \(([^)]*)\)(\s+)SELECT ',
      '\1 (position, \2)\3SELECT nextval(''audit_pending_position_seq''), ', 'g');
    FOR v_name, v_shard IN
      SELECT s.logicalrelid::text, shard_name(s.logicalrelid, s.shardid)
      FROM pg_dist_shard accounts
      JOIN pg_dist_partition a ON a.logicalrelid = accounts.logicalrelid
      JOIN pg_dist_partition t ON t.colocationid = a.colocationid OR t.partmethod = 'n'
      JOIN pg_dist_shard s ON s.logicalrelid = t.logicalrelid
        AND (t.partmethod = 'n' OR s.shardminvalue = accounts.shardminvalue)
      WHERE accounts.shardid = p_shard
    LOOP
      v_text := regexp_replace(v_text, format('\m(FROM|JOIN|INTO|UPDATE|USING)\s+%s\M', v_name), '\1 ' || v_shard, 'g');
    END LOOP;
    EXECUTE v_text;
  END LOOP;
  RETURN v_function;
END $$;

-- The shards of a table that this node holds, as tables of their own.
CREATE OR REPLACE FUNCTION local_shards(p_table text) RETURNS SETOF regclass LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
    SELECT shard_name(s.logicalrelid, s.shardid)::regclass
    FROM pg_dist_shard s
    JOIN pg_dist_placement p ON p.shardid = s.shardid
    WHERE s.logicalrelid = p_table::regclass AND p.groupid = (SELECT groupid FROM pg_dist_local_group)
    ORDER BY s.shardid;
END $$;

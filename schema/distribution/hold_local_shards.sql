-- Holds the shards of these accounts where they are until the transaction ends, as Citus itself does before it writes to one, and
-- tells which of them this node holds: the shard of accounts, and the places of its accounts in the array, from 1 on. Places of
-- accounts that this node does not hold are in a row without a shard.
CREATE OR REPLACE FUNCTION hold_local_shards(p_account_ids uuid[])
RETURNS TABLE (shard bigint, places integer[]) LANGUAGE plpgsql AS $$
DECLARE
  v_node integer := (SELECT groupid FROM pg_dist_local_group);
  v_shards bigint[] := ARRAY(
    SELECT get_shard_id_for_distribution_column('accounts', asked.id)
    FROM unnest(p_account_ids) WITH ORDINALITY AS asked (id, place)
    ORDER BY asked.place);
BEGIN
  -- ShareLock, which a move of one of them waits for at its end.
  PERFORM lock_shard_metadata(5, ARRAY(SELECT DISTINCT id FROM unnest(v_shards) AS held (id) ORDER BY id));
  -- A statement of its own, so that it sees moves that have ended before.
  RETURN QUERY
    SELECT p.shardid, array_agg(held.place::integer ORDER BY held.place)
    FROM unnest(v_shards) WITH ORDINALITY AS held (id, place)
    LEFT JOIN pg_dist_placement p ON p.shardid = held.id AND p.groupid = v_node
    GROUP BY p.shardid
    ORDER BY p.shardid;
END $$;

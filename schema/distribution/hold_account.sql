-- Holds an account on its node until the transaction ends, as Citus itself does before it writes there. For whoever takes a lock before
-- they write: one that stays behind when the account is moved excludes nobody.
CREATE OR REPLACE FUNCTION hold_account(p_account_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- ShareLock, as in hold_local_shards.
  PERFORM lock_shard_metadata(5, ARRAY[get_shard_id_for_distribution_column('accounts', p_account_id)]);
END $$;

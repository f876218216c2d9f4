-- The number of the advisory lock on an account's set of management keys. Both sides take it where the account's row is
-- (take_management_keys_lock; groups take several at once).
CREATE OR REPLACE FUNCTION management_keys_lock(p_account_id uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT hashtextextended('claviger management keys ' || p_account_id::text, 0)
$$;

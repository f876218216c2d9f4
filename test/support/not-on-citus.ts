/** Test files that are left out where Citus distributes the tables, and the reasons, which such a run prints. */
export const notOnCitus: readonly { readonly files: string; readonly why: string }[] = [
  {
    files: 'test/server/transaction-keys/*-groups.test.ts',
    why: 'call a group’s function where one PostgreSQL holds all accounts; shard-functions and citus-* test it here',
  },
  {
    files: 'test/load/{deadlines,retention}.test.ts',
    why: 'run the sweeps of one PostgreSQL from several sessions, and read their plans',
  },
  {
    files: 'test/faults/{stepped-clock,settled-clock,key-changes-set-back}.test.ts',
    why: 'set the clock of one session, while each node has sessions of its own, or find rows by names that no shard is found by',
  },
  {
    files: 'test/server/audit/sealing.test.ts',
    why: 'waits for a session of one PostgreSQL that waits for another',
  },
  {
    files: 'test/tooling/database-functions.test.ts',
    why: 'compares the schema and its functions with those of one PostgreSQL',
  },
  {
    files: 'test/server/database/schema.test.ts',
    why: 'moves the tables to other schemas before there is a server',
  },
  { files: 'test/faults/citus-crash.test.ts', why: 'crashes whole nodes: TEST_CITUS=crash runs it alone' },
]

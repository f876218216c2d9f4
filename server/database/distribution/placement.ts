/** Where the rows of a table are in a distributed database. */
export type Placement =
  /** With the account of this column, or whatever else the column names, on one of the nodes. */
  | { readonly by: string; readonly beside: string | null }
  /** All of them on every node: few, seldom written, and read where any row may be. */
  | 'EVERYWHERE'
  /** All of them on the coordinator: what is looked for before the account is known, and written only by what it passes on anyway. */
  | 'COORDINATOR'

const ofAccount: Placement = { by: 'account_id', beside: 'accounts' }

/**
 * The placement of each table, in the order in which they are distributed: each after those that its foreign keys refer to. A
 * table is beside another one when equal values of their columns are on one node, so that statements can join them.
 */
export const placements: Readonly<Record<string, Placement>> = {
  accounts: { by: 'id', beside: null },
  account_usage: ofAccount,
  deleted_accounts: ofAccount,
  management_keys: ofAccount,
  transaction_keys: ofAccount,
  transaction_key_usage: ofAccount,
  wrapped_keys: ofAccount,
  deadlines: ofAccount,
  acquisitions: ofAccount,
  alerts: ofAccount,
  webhooks: ofAccount,
  webhook_dead_letters: ofAccount,
  mismatches: ofAccount,
  confirmations: ofAccount,
  audit_pending: ofAccount,
  audit_chains: ofAccount,
  audit_entries: ofAccount,
  key_change_outbox: ofAccount,
  // Application servers have nonces too: their ids are placed as if they were accounts'.
  nonces: { by: 'principal_id', beside: 'accounts' },
  // Rows of openings of accounts, each of which then needs one worker.
  management_key_owners: 'COORDINATOR',
  invitations: 'COORDINATOR',
  rates: 'COORDINATOR',
  // Other rows that are looked for before the account is known, or that have none.
  blocked_addresses: { by: 'address_digest', beside: null },
  pairings: { by: 'id', beside: null },
  application_servers: { by: 'id', beside: null },
  key_changes: { by: 'application_server_id', beside: 'application_servers' },
  application_server_keys: 'EVERYWHERE',
  application_server_approvals: 'EVERYWHERE',
  server_keys: 'EVERYWHERE',
  clock_sightings: 'EVERYWHERE',
  forgotten_nonces: 'EVERYWHERE',
}

/**
 * Foreign keys from a table that is everywhere to one that is not. They are dropped there, and the statements do their
 * work.
 */
export const droppedForeignKeys: readonly { readonly table: string; readonly refersTo: string }[] = [
  { table: 'application_server_keys', refersTo: 'application_servers' },
]

/**
 * Functions that run on the node which holds what their argument names: one round trip from the coordinator, and their
 * statements and locks stay on that node.
 */
export const delegatedFunctions: readonly {
  readonly name: string
  readonly by: string
  readonly beside: string
}[] = [
  { name: 'acquire_wrapped_keys', by: 'p_account_id', beside: 'accounts' },
  { name: 'consume_management_key_nonce', by: 'p_account_id', beside: 'accounts' },
  { name: 'consume_application_server_nonce', by: 'p_application_server_id', beside: 'accounts' },
  { name: 'is_active_management_key', by: 'p_account_id', beside: 'accounts' },
  { name: 'store_transaction_key', by: 'p_account_id', beside: 'accounts' },
  { name: 'seal_account_entries', by: 'p_account_id', beside: 'accounts' },
]

/**
 * Functions of one PostgreSQL that a node also runs on the tables of one of its shards
 * (schema/distribution/shard_function.sql), with those that they call. They are kept by these names and `_of_shard`.
 */
export const functionsOfShards: readonly string[] = [
  'acquire_wrapped_key_group',
  'store_transaction_key_group',
  'consume_management_key_nonce_group',
  'add_usage',
  'stored_of',
  'settled_clock',
  'look_up_public_keys',
]

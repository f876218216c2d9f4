import { delegatedFunctions, placements } from '../../server/database/distribution/placement.ts'

/** Functions that are called with an account, or with something else that one node holds. */
const ofOneNode: readonly string[] = [
  ...delegatedFunctions.map(({ name }) => name),
  'add_usage',
  'consume_nonce',
  'delete_account',
  'is_active_application_server_key',
  'open_pairing',
  'raise_alert',
  'record_channel_batch',
  'record_failed_delivery',
  'record_key_changes',
  'seal_audit_entries',
  'stored_of',
  'suspend_account',
  'take_management_keys_lock',
]

/** Functions of jobs, which are called on each node for what it holds. */
const ofEachNode: readonly string[] = [
  'count_backlog',
  'lease_webhooks',
  'mismatches_to_sum_up',
  'move_key_changes',
  'next_deadline_ms',
  'prune_acquisitions',
  'prune_alerts',
  'prune_audit_entries',
  'prune_channels',
  'prune_key_changes',
  'prune_mismatches',
  'prune_nonces',
  'prune_pairings',
  'recall_webhooks',
  'sweep_deadlines',
]

/** Functions that are given several accounts, and reach their shards alone. */
const ofNamedAccounts: readonly string[] = [
  'look_up_public_keys',
  'store_transaction_key_group',
  'record_waiting_mismatches',
  'select_due_mismatches',
  'acquire_wrapped_key_group',
]

/** Functions that write or read tables that are on every node, or on the coordinator, or seldom all nodes. */
const ofAllNodes: readonly string[] = [
  'prune_application_servers',
  'prune_rates',
  'prune_server_keys',
  'settled_clock',
  'sight_clock',
  'take_rate',
]

/** Statements that reach all nodes, each for a reason. */
const global: readonly { readonly why: string; readonly statement: RegExp }[] = [
  {
    why: 'confirmation mails to one address, whoever asked for them',
    statement: /from "confirmations" where \("confirmations"."address_digest" = /,
  },
]

/** Statements of the connection, the session and the migrations. */
const ofSession =
  /^\s*(?:begin|commit|rollback|listen|unlisten|notify|set|select pg_notify|select pg_catalog\.set_config|select pg_advisory_xact_lock\(hashtextextended|select pg_advisory_xact_lock\(\$1::bigint\)|select nextval\('proof_tickets'\)|select pg_is_in_recovery)/i

/**
 * Why a statement would reach more than the nodes of the accounts that it names, or what Citus refuses in it; null when it is
 * good. It reads the text, and knows our own ways of writing: a condition on the column that a table is distributed by.
 */
export function problemOf(statement: string): string | null {
  const text = statement.replaceAll(/\s+/g, ' ').trim()
  if (ofSession.test(text)) return null
  const tables = tablesOf(text)
  if (global.some(({ statement: known }) => known.test(text))) return null
  const called = [...text.matchAll(/\b([a-z_]+)\(/g)].flatMap(([, name = '']) => name)
  const isModifying = /^(?:with .*)?(?:insert|update|delete)\b/i.test(text)
  for (const table of tables) {
    const placement = placements[table]
    if (placement === undefined || typeof placement === 'string') continue
    if (!namesOwner(text, { table, by: placement.by, isModifying })) return `${table} without ${placement.by}`
  }
  if (isModifying && /clock_timestamp\(\)|gen_random_uuid\(\)|random\(\)/.test(text))
    return 'a volatile function in a change'
  if (
    isModifying &&
    /(?:coalesce\([^)]*|\bcase\b(?:(?!\bend\b).)*)\b(?:statement_timestamp|now)\(\)/i.test(text)
  )
    return 'a function in a CASE or COALESCE'
  if (isModifying && /\bctid\b/.test(text)) return 'rows by their places'
  if (tables.length > 0) return null
  const known = [...ofOneNode, ...ofEachNode, ...ofNamedAccounts, ...ofAllNodes]
  const own = called.filter((name) => known.includes(name))
  if (own.length > 0) return null
  return /^select (?:clock_timestamp\(\)|statement_timestamp\(\))/i.test(text) ||
    /^select \$1|^select 1\b|'GRANTED'/i.test(text)
    ? null
    : 'neither a table nor a known function'
}

function tablesOf(text: string): string[] {
  const found = [
    ...text.matchAll(/\b(?:from|join|into|update)\s+(?:only\s+)?(?:"?public"?\.)?"?([a-z_]+)"?/gi),
  ].map(([, name = '']) => name)
  return [...new Set(found)].filter((name) => name in placements)
}

function namesOwner(
  text: string,
  { table, by, isModifying }: { readonly table: string; readonly by: string; readonly isModifying: boolean },
): boolean {
  const inserts = new RegExp(`insert into "?${table}"?(?: as \\w+)? \\([^)]*"?\\b${by}\\b"?`, 'i')
  if (isModifying && inserts.test(text)) return true
  // The column of this table, or of another one that a join makes it equal to.
  return new RegExp(`"?\\b${by}"?\\s*(?:=\\s*(?:\\$\\d|any\\b|"?\\w+"?\\."?\\w+)|in \\(\\$)`, 'i').test(text)
}

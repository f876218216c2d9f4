/** `claviger application-server`: the operator's command to approve and remove keys of application servers. */
import { parseArgs } from 'node:util'
import { asc, desc, eq, isNull } from 'drizzle-orm'
import { z } from 'zod'
import {
  applicationServerApprovals,
  applicationServerKeys,
  applicationServers,
} from '../../schema/tables/index.ts'
import { approveKey, removeKey, type NamedKey } from '../application-servers/approvals.ts'
import { readConfig } from '../config.ts'
import type { Databases, Executor } from '../database/connect.ts'
import { runTransaction } from '../database/transaction.ts'
import { applicationServer, thumbprintText } from '../lib/input.ts'
import { withDatabase } from './operator-database.ts'
import { runOperatorCommand, type OperatorResult } from './run-command.ts'

const usage = `Usage: claviger application-server list
       claviger application-server approve NAME THUMBPRINT
       claviger application-server remove NAME THUMBPRINT

The keys with which application servers follow the changes of their clients' keys.
The database is that of "claviger serve" with the same environment variables.

  list     keys: those that may sign first, then the newest
  approve  lets a key sign for this application server. Compare its thumbprint
           with whoever runs the application server first. A key that is not
           registered may sign as soon as it registers, within 7 days
  remove   takes a key's right away, or an approval; its connections are closed.
           A key that the application server's own document lists is proved anew
           when it registers again
  --json   prints one JSON document, or one line of JSON about an error
`

/** A malformed name or thumbprint could never be registered. */
const namedKey = z.object({ name: applicationServer, keyId: thumbprintText })
const { approvedAt } = applicationServerApprovals

const outcomes = {
  APPROVED: 'Approved: it may sign from now on.',
  AWAITED: 'Approved: it is not registered yet, and may sign as soon as it registers, within 7 days.',
  REMOVED: 'Removed.',
} as const

const states = {
  WELL_KNOWN: 'proved by its document',
  OPERATOR: 'approved',
  UNPROVED: 'not proved',
  AWAITED: 'approved, not registered',
  REMOVED: 'removed',
} as const

await runOperatorCommand<Command>({
  usage,
  parse: parseCommand,
  run: (command) =>
    withDatabase(readConfig(), (databases) =>
      command.verb === 'list' ? list(databases) : change(databases, command),
    ),
})

type KeyCommand = { readonly verb: 'approve' | 'remove' } & NamedKey

type Command = { readonly verb: 'list' } | KeyCommand

/** Null when the arguments are not a known command. */
function parseCommand(args: string[]): Command | 'help' | null {
  const { values, positionals } = parseArgs({
    args: withThumbprintsLast(args),
    allowPositionals: true,
    options: { help: { type: 'boolean' } },
  })
  const [verb, name, keyId, ...others] = positionals
  if (values.help === true) return 'help'
  if (verb === 'list' && name === undefined) return { verb }
  const isChange = (verb === 'approve' || verb === 'remove') && others.length === 0
  return isChange && name !== undefined && keyId !== undefined ? { verb, name, keyId } : null
}

/** A thumbprint may begin with a hyphen, and is no option then. */
function withThumbprintsLast(args: string[]): string[] {
  if (args.includes('--')) return args
  const isThumbprint = (text: string) => /^-[\w-]{42}$/.test(text)
  return [...args.filter((text) => !isThumbprint(text)), '--', ...args.filter(isThumbprint)]
}

async function change({ writes }: Databases, { verb, ...named }: KeyCommand): Promise<OperatorResult> {
  const key = namedKey.safeParse(named)
  if (!key.success) throw new Error(`${verb}: ${key.error.issues[0]?.message ?? 'This is not valid.'}`)
  const { data } = key
  const outcome = await runTransaction(writes.db, (tx) => (verb === 'approve' ? approve : remove)(tx, data))
  const { name, keyId: id } = data
  return { value: { id, applicationServer: name, outcome }, lines: [outcomes[outcome]] }
}

type Outcome = keyof typeof outcomes

async function approve(tx: Executor, key: NamedKey): Promise<Outcome> {
  const approval = await approveKey(tx, key)
  if (approval !== 'TAKEN') return approval
  throw new Error("This key is another application server's, or a management key.")
}

async function remove(tx: Executor, key: NamedKey): Promise<Outcome> {
  if (await removeKey(tx, key)) return 'REMOVED'
  throw new Error('No such key is proved or approved for this application server.')
}

async function list({ reads }: Databases): Promise<OperatorResult> {
  const approvals = await reads.db
    .select()
    .from(applicationServerApprovals)
    .orderBy(desc(approvedAt))
    .limit(1000)
  const keys = await reads.db
    .select({
      id: applicationServerKeys.id,
      name: applicationServers.name,
      registeredAt: applicationServerKeys.registeredAt,
      proof: applicationServerKeys.proof,
      revokedAt: applicationServerKeys.revokedAt,
    })
    .from(applicationServerKeys)
    .innerJoin(applicationServers, eq(applicationServers.id, applicationServerKeys.applicationServerId))
    // Anybody may register keys that are never proved.
    .orderBy(asc(isNull(applicationServerKeys.proof)), desc(applicationServerKeys.registeredAt))
    .limit(1000)
  const shown: readonly ListedKey[] = [
    ...approvals.map(({ keyId, name, approvedAt: at }) => ({
      id: keyId,
      name,
      at,
      state: 'AWAITED' as const,
    })),
    ...keys.map(({ id, name, registeredAt: at, proof, revokedAt }) => {
      const state: ListedKey['state'] = revokedAt !== null ? 'REMOVED' : (proof ?? 'UNPROVED')
      return { id, name, at, state }
    }),
  ]
  return {
    value: {
      keys: shown.map(({ id, name, at, state }) => ({ id, applicationServer: name, state, since: at })),
    },
    lines: shown.length > 0 ? shown.map(lineOf) : ['No application server has registered.'],
  }
}

interface ListedKey {
  readonly id: string
  readonly name: string
  /** When it was registered, or approved ahead of its registration. */
  readonly at: Date
  readonly state: keyof typeof states
}

function lineOf({ id, at, state, name }: ListedKey): string {
  return `${id}  ${at.toISOString()}  ${states[state]}  ${JSON.stringify(name)}`
}

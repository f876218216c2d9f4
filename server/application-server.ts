/** `claviger application-server`: the operator's command for the keys of application servers that no document proves. */
import { parseArgs } from 'node:util'
import { desc, eq } from 'drizzle-orm'
import { applicationServerKeys, applicationServers } from '../schema/tables/index.ts'
import { approveKey, removeKey } from './application-servers/keys.ts'
import { readConfig } from './config.ts'
import type { Databases } from './database/connect.ts'
import { runTransaction } from './database/transaction.ts'
import { withDatabase } from './operator-database.ts'
import { explainStartFailure } from './start-failure.ts'

const usage = `Usage: claviger application-server list
       claviger application-server approve NAME THUMBPRINT
       claviger application-server remove NAME THUMBPRINT

The keys with which application servers follow the changes of their clients' keys.
The database is that of "claviger serve" with the same environment variables.

  list     registered keys, the newest first
  approve  lets a registered key sign for this application server. Compare its
           thumbprint with whoever runs the application server first
  remove   takes a key's right away; its connections are closed
`

try {
  await run(process.argv.slice(3))
} catch (error) {
  process.stderr.write(`${explainStartFailure(error)}\n`)
  process.exitCode = 1
}

async function run(args: string[]): Promise<void> {
  const command = parseCommand(args)
  if (command === null) {
    process.stderr.write(usage)
    process.exitCode = 2
  } else if (command.verb === 'help') {
    process.stdout.write(usage)
  } else {
    await withDatabase(readConfig(), async (databases) => {
      if ('keyId' in command) await change(databases, command)
      else await list(databases)
    })
  }
}

type Command =
  | { readonly verb: 'help' | 'list' }
  | { readonly verb: 'approve' | 'remove'; readonly name: string; readonly keyId: string }

/** Null when this is no command of ours. */
function parseCommand(args: string[]): Command | null {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { help: { type: 'boolean' } },
    })
    const [verb, name, keyId, ...others] = positionals
    if (values.help === true) return { verb: 'help' }
    if (verb === 'list' && name === undefined) return { verb }
    const isChange = (verb === 'approve' || verb === 'remove') && others.length === 0
    return isChange && name !== undefined && keyId !== undefined ? { verb, name, keyId } : null
  } catch {
    return null
  }
}

async function change(
  { writes }: Databases,
  {
    verb,
    name,
    keyId,
  }: { readonly verb: 'approve' | 'remove'; readonly name: string; readonly keyId: string },
): Promise<void> {
  const apply = verb === 'approve' ? approveKey : removeKey
  const isDone = await runTransaction(writes.db, (tx) => apply(tx, name, keyId))
  if (!isDone) throw new Error('No such key is registered for this application server.')
  process.stdout.write(verb === 'approve' ? 'Approved: it may sign from now on.\n' : 'Removed.\n')
}

async function list({ reads }: Databases): Promise<void> {
  const standings = { WELL_KNOWN: 'proved by its document', OPERATOR: 'approved' } as const
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
    .orderBy(desc(applicationServerKeys.registeredAt))
    .limit(1000)
  const rows = keys.map(({ id, name, registeredAt, proof, revokedAt }) => {
    const standing = revokedAt !== null ? 'removed' : ((proof && standings[proof]) ?? 'not proved')
    return `${id}  ${registeredAt.toISOString()}  ${standing}  ${JSON.stringify(name)}\n`
  })
  process.stdout.write(rows.length > 0 ? rows.join('') : 'No application server has registered.\n')
}

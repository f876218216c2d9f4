/** `claviger database`: the operator's command to back a database up, also while key servers run, and to restore it. */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { backUp } from '../database/backup/back-up.ts'
import { withBackup } from '../database/backup/read-backup.ts'
import { inspect, restore } from '../database/backup/restore.ts'
import { readConfig } from '../config.ts'
import { distributeDatabase } from '../database/distribution/distribute-database.ts'
import { findDatabase } from '../database/requirements.ts'
import { findSecretInUse, settleRestoredKeys, type SecretInUse } from '../server-keys/restored-keys.ts'
import { withOperatorDatabase, type OperatorDatabase } from './operator-database.ts'
import { runOperatorCommand, type OperatorResult } from './run-command.ts'

const usage = `Usage: claviger database backup FILE [--postgresql DIRECTORY]
       claviger database verify FILE
       claviger database restore FILE [--secret-lost]
       claviger database distribute

Copies of all that the key server keeps, and its distribution. The database is that of "claviger serve"
with the same environment variables, embedded or not.

  backup         writes the state of one moment to FILE, while key servers go on
                 working. A backup that FILE has is replaced when the new one is whole
  verify         reads FILE to its end, compares it with its checksum, and says what
                 it holds. It needs no database
  restore        fills an empty database from FILE: completely, or not at all. The
                 embedded PostgreSQL is created first where there is none
  distribute     spreads the tables over the nodes of Citus, through its coordinator,
                 while no key server runs. Repeated, it changes nothing
  --postgresql   where the programs of another PostgreSQL are, for a DATA_DIR of a major
                 version that this program does not bring
  --secret-lost  leaves out the server's keys that SERVER_KEY_SECRET does not open,
                 instead of refusing: the key server makes a new one
  --json         prints one JSON document, or one line of JSON about an error
`

const leftOut =
  "The server's keys were left out, since the secret at hand does not open them: the key server makes a new one, which " +
  'application servers that pin its keys have to pin, and webhooks need new secrets. If you still have the secret (the ' +
  'file "password" of the former DATA_DIR, or SERVER_KEY_SECRET), put it in place and restore into an empty database again.'

const names = ['backup', 'verify', 'restore'] as const
const commands = { backup: runBackup, verify: runVerify, restore: runRestore }

await runOperatorCommand<Command>({
  usage,
  parse: parseCommand,
  run: (command) =>
    command.name === 'distribute' ? runDistribute() : commands[command.name](resolve(command.file), command),
})

interface Options {
  readonly programsDirectory: string | undefined
  readonly isSecretLost: boolean
}

interface FileCommand extends Options {
  readonly name: (typeof names)[number]
  readonly file: string
}

type Command = FileCommand | { readonly name: 'distribute' }

/** Null when the arguments are not a known command. */
function parseCommand(args: string[]): Command | 'help' | null {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      'secret-lost': { type: 'boolean' },
      postgresql: { type: 'string' },
    },
  })
  const { help = false, 'secret-lost': isSecretLost = false, postgresql: programsDirectory } = values
  const [first, file, ...others] = positionals
  if (help) return 'help'
  if (first === 'distribute') {
    const isAlone = positionals.length === 1 && !isSecretLost && programsDirectory === undefined
    return isAlone ? { name: 'distribute' } : null
  }
  const name = names.find((known) => known === first)
  if (name === undefined || file === undefined || file === '' || others.length > 0) return null
  if ((isSecretLost && name !== 'restore') || (programsDirectory !== undefined && name !== 'backup'))
    return null
  return { name, file, isSecretLost, programsDirectory }
}

async function runBackup(file: string, { programsDirectory }: Options): Promise<OperatorResult> {
  const config = readConfig()
  const work = async ({ url, route, secret, dataDirectory }: OperatorDatabase) => {
    const atHand = { secret, isSetting: config.serverKeySecret !== null }
    const { migrations: _migrations, ...backup } = await backUp({
      url,
      route,
      path: file,
      findSecret: (tx) => findSecretInUse(tx, atHand),
      signal: watchForSignal('The backup was interrupted, and nothing is left of it.'),
    })
    const { keep, sentence } = keptBeside(backup.secret, dataDirectory)
    const lines = [`${file} has ${describe(backup)}, in ${String(backup.bytes)} bytes.`, sentence]
    return { value: { file, ...backup, keep }, lines }
  }
  return withOperatorDatabase(config, work, { programsDirectory })
}

/** Secrets that must be kept beside a backup, and apart from it. */
function keptBeside(
  secret: SecretInUse,
  dataDirectory: string | null,
): { readonly keep: string | null; readonly sentence: string } {
  if (secret === null)
    return { keep: null, sentence: 'There is no server key yet, so nothing else need be kept.' }
  const keep =
    secret === 'PASSWORD'
      ? dataDirectory === null
        ? 'DATABASE_URL'
        : join(dataDirectory, 'password')
      : 'SERVER_KEY_SECRET'
  const which =
    secret === 'NEITHER' ? ' of the running key servers, which is not the one that this command has' : ''
  return {
    keep,
    sentence:
      `Keep ${keep}${which} too, and apart from it: the backup does not have it, and without it a restored key server signs ` +
      'with a new key, and webhooks need new secrets.',
  }
}

async function runVerify(file: string): Promise<OperatorResult> {
  const { migrations: _migrations, ...found } = await withBackup(file, async (backup) => ({
    sha256: backup.sha256,
    ...(await inspect(backup)),
  }))
  return { value: { file, ...found }, lines: [`${file} is whole. It has ${describe(found)}.`] }
}

async function runRestore(file: string, { isSecretLost }: Options): Promise<OperatorResult> {
  const config = readConfig()
  const signal = watchForSignal('The restore was interrupted, and the database is empty as before.')
  return withBackup(
    file,
    async (backup) =>
      withOperatorDatabase(
        config,
        async ({ url, secret, dataDirectory }) => {
          const { listenRoute: route } = await findDatabase({ databaseUrl: url, listenUrl: url })
          const isSetting = config.serverKeySecret !== null
          const {
            migrations: _migrations,
            settled: serverKeys,
            ...restored
          } = await restore(backup, {
            url,
            route,
            settle: (tx, head) =>
              settleRestoredKeys(tx, {
                secret,
                isSetting,
                inUse: head.secret,
                // The new password of an embedded PostgreSQL cannot be the former one.
                mayLeaveOut:
                  isSecretLost || (dataDirectory !== null && !isSetting && head.secret === 'PASSWORD'),
              }),
          })
          const line = `Restored ${describe(restored)}, and started nothing: "claviger serve" does.`
          return {
            value: { file, ...restored, serverKeys },
            lines: serverKeys === 'KEPT' ? [line] : [line, leftOut],
          }
        },
        { creates: true },
      ),
    { signal },
  )
}

async function runDistribute(): Promise<OperatorResult> {
  return withOperatorDatabase(readConfig(), async ({ url, route }) => {
    const { tables, nodes } = await distributeDatabase(url, { route })
    const what =
      tables.length === 0
        ? 'All tables were distributed'
        : `${String(tables.length)} tables are distributed now`
    return { value: { tables, nodes }, lines: [`${what}, over ${String(nodes)} nodes that hold shards.`] }
  })
}

interface Described {
  readonly madeAt: string
  readonly program: string
  readonly postgresql: number
  readonly rows: Readonly<Record<string, number>>
}

function describe({ madeAt, program, postgresql, rows }: Described): string {
  const counts = Object.values(rows)
  const total = String(counts.reduce((sum, count) => sum + count, 0))
  return (
    `${total} rows of ${String(counts.length)} tables (${String(rows['accounts'] ?? 0)} accounts) as of ${madeAt}, ` +
    `by version ${program} from PostgreSQL ${String(postgresql)}`
  )
}

/** The first signal ends the work in order, the second one the process. */
function watchForSignal(sentence: string): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      controller.abort(new Error(sentence))
    })
  }
  return controller.signal
}

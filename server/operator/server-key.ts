/** `claviger server-key`: the operator's command for the server keys, used while key servers run. */
import { parseArgs } from 'node:util'
import {
  prepareServerKey,
  publishedAfterRetirementMinutes,
  rotateServerKey,
  selectServerKeys,
  type StoredServerKey,
} from '../server-keys/server-key-rows.ts'
import { readConfig } from '../config.ts'
import type { Databases } from '../database/connect.ts'
import { withDatabase } from './operator-database.ts'
import { runOperatorCommand } from './run-command.ts'

const usage = `Usage: claviger server-key list
       claviger server-key prepare
       claviger server-key rotate [--secret-lost]

The keys of the key server itself, which sign its answers to verifications. The
database is that of "claviger serve" with the same environment variables.

  list           ids, dates and states, the key that signs first
  prepare        makes the next key and publishes it, so that those who pin the keys
                 can pin it before it signs
  rotate         lets the prepared key sign, or else a new one: running servers use
                 it within a minute. The old one stays published until no answer needs it
  --secret-lost  removes the keys that SERVER_KEY_SECRET does not open, instead of
                 refusing. Restart every server with this secret then
`

const names = ['list', 'prepare', 'rotate'] as const

await runOperatorCommand<Command>({
  usage,
  parse: parseCommand,
  run: ({ name, isSecretLost }) =>
    withDatabase(readConfig(), async (databases, secret) => {
      if (name === 'prepare') await prepare(databases, secret)
      if (name === 'rotate') await rotate(databases, { secret, isSecretLost })
      await list(databases)
    }),
})

interface Command {
  readonly name: (typeof names)[number]
  readonly isSecretLost: boolean
}

/** Null when the arguments are not a known command. */
function parseCommand(args: string[]): Command | 'help' | null {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { help: { type: 'boolean' }, 'secret-lost': { type: 'boolean' } },
    })
    const isSecretLost = values['secret-lost'] === true
    const [first, ...others] = positionals
    if (values.help === true) return 'help'
    const name = names.find((known) => known === first)
    if (name === undefined || others.length > 0 || (isSecretLost && name !== 'rotate')) return null
    return { name, isSecretLost }
  } catch {
    return null
  }
}

async function prepare({ writes }: Databases, secret: string): Promise<void> {
  const id = await prepareServerKey(writes.db, { secret })
  process.stdout.write(`${id} is published, and signs from the next rotation on.\n\n`)
}

async function rotate(
  { writes }: Databases,
  { secret, isSecretLost }: { readonly secret: string; readonly isSecretLost: boolean },
): Promise<void> {
  const id = await rotateServerKey(writes.db, { secret, isSecretLost })
  process.stdout.write(`${id} signs from now on.\n\n`)
}

async function list({ reads }: Databases): Promise<void> {
  const rows = (await selectServerKeys(reads.db)).map(
    (key) => `${key.id}  made ${key.createdAt.toISOString()}  ${describe(key)}\n`,
  )
  process.stdout.write(
    rows.length > 0 ? rows.join('') : 'There is no key yet: "claviger serve" makes the first.\n',
  )
}

function describe({ isPrepared, retiredAt }: StoredServerKey): string {
  if (retiredAt === null) return isPrepared ? 'prepared, published' : 'signs'
  const until = new Date(retiredAt.getTime() + publishedAfterRetirementMinutes * 60_000)
  return `retired ${retiredAt.toISOString()}, published until ${until.toISOString()}`
}

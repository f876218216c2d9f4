/** `claviger server-key`: the operator's command for the keys that sign answers, beside the running key servers. */
import { parseArgs } from 'node:util'
import {
  publishedAfterRetirementMinutes,
  rotateServerKey,
  selectServerKeys,
  type StoredServerKey,
} from './answers/server-key-rows.ts'
import { readConfig } from './config.ts'
import type { Databases } from './database/connect.ts'
import { withDatabase } from './operator-database.ts'
import { explainStartFailure } from './start-failure.ts'

const usage = `Usage: claviger server-key list
       claviger server-key rotate [--secret-lost]

The keys of the key server itself, which sign its answers to verifications. The
database is that of "claviger serve" with the same environment variables.

  list           ids and dates, the key that signs first
  rotate         makes a new key, with which running servers sign within a minute;
                 the old one stays published until no answer needs it
  --secret-lost  removes the keys that SERVER_KEY_SECRET does not open, instead of
                 refusing. Restart every server with this secret then
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
  } else if (command.name === 'help') {
    process.stdout.write(usage)
  } else {
    await withDatabase(readConfig(), async (databases, secret) => {
      if (command.name === 'rotate') await rotate(databases, { secret, isSecretLost: command.isSecretLost })
      await list(databases)
    })
  }
}

interface Command {
  readonly name: 'help' | 'list' | 'rotate'
  readonly isSecretLost: boolean
}

/** Null when this is no command of ours. */
function parseCommand(args: string[]): Command | null {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { help: { type: 'boolean' }, 'secret-lost': { type: 'boolean' } },
    })
    const isSecretLost = values['secret-lost'] === true
    const [name, ...others] = positionals
    if (values.help === true) return { name: 'help', isSecretLost }
    if (others.length > 0 || (isSecretLost && name !== 'rotate')) return null
    return name === 'list' || name === 'rotate' ? { name, isSecretLost } : null
  } catch {
    return null
  }
}

async function rotate(
  { writes }: Databases,
  { secret, isSecretLost }: { readonly secret: string; readonly isSecretLost: boolean },
): Promise<void> {
  const id = await rotateServerKey(writes.db, { secret, isSecretLost })
  process.stdout.write(`Made ${id}, which signs from now on.\n\n`)
}

async function list({ reads }: Databases): Promise<void> {
  const rows = (await selectServerKeys(reads.db)).map(
    (key) => `${key.id}  made ${key.createdAt.toISOString()}  ${describe(key)}\n`,
  )
  process.stdout.write(
    rows.length > 0 ? rows.join('') : 'There is no key yet: "claviger serve" makes the first.\n',
  )
}

function describe({ retiredAt }: StoredServerKey): string {
  if (retiredAt === null) return 'signs'
  const until = new Date(retiredAt.getTime() + publishedAfterRetirementMinutes * 60_000)
  return `retired ${retiredAt.toISOString()}, published until ${until.toISOString()}`
}

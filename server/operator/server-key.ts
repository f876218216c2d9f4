/** `claviger server-key`: the operator's command for the server keys, used while key servers run. */
import { parseArgs } from 'node:util'
import {
  prepareServerKey,
  publishedAfterRetirementMinutes,
  rotateServerKey,
  selectServerKeys,
  stateOf,
  type StoredServerKey,
} from '../server-keys/server-key-rows.ts'
import { readConfig } from '../config.ts'
import { withDatabase } from './operator-database.ts'
import { runOperatorCommand, type OperatorResult } from './run-command.ts'

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
  --json         prints one JSON document, or one line of JSON about an error
`

const names = ['list', 'prepare', 'rotate'] as const

await runOperatorCommand<Command>({
  usage,
  parse: parseCommand,
  run: ({ name, isSecretLost }) =>
    withDatabase(readConfig(), async ({ writes, reads }, secret) => {
      if (name === 'list') return shown(await selectServerKeys(reads.db))
      const isRotation = name === 'rotate'
      const id = await (isRotation
        ? rotateServerKey(writes.db, { secret, isSecretLost })
        : prepareServerKey(writes.db, { secret }))
      const { value, lines } = shown(await selectServerKeys(reads.db))
      const done = isRotation ? 'signs from now on' : 'is published, and signs from the next rotation on'
      return { value: { id, ...value }, lines: [`${id} ${done}.`, '', ...lines] }
    }),
})

interface Command {
  readonly name: (typeof names)[number]
  readonly isSecretLost: boolean
}

/** Null when the arguments are not a known command. */
function parseCommand(args: string[]): Command | 'help' | null {
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
}

function shown(stored: readonly StoredServerKey[]): OperatorResult {
  const keys = stored.map((key) => ({
    id: key.id,
    state: stateOf(key),
    createdAt: key.createdAt,
    retiredAt: key.retiredAt,
    publishedUntil: key.retiredAt && publishedUntil(key.retiredAt),
  }))
  const lines = stored.map((key) => `${key.id}  made ${key.createdAt.toISOString()}  ${describe(key)}`)
  return {
    value: { keys },
    lines: lines.length > 0 ? lines : ['There is no key yet: "claviger serve" makes the first.'],
  }
}

function describe({ isPrepared, retiredAt }: StoredServerKey): string {
  if (retiredAt === null) return isPrepared ? 'prepared, published' : 'signs'
  return `retired ${retiredAt.toISOString()}, published until ${publishedUntil(retiredAt).toISOString()}`
}

function publishedUntil(retiredAt: Date): Date {
  return new Date(retiredAt.getTime() + publishedAfterRetirementMinutes * 60_000)
}

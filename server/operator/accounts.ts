/** `claviger accounts`: the operator's command to see, suspend and delete accounts, and to set their quotas. */
import { parseArgs } from 'node:util'
import { accountIdOf } from '../lib/account-id.ts'
import {
  deleteAccount,
  findAccount,
  listAccounts,
  setQuotas,
  setSuspended,
  type AdministeredAccount,
} from '../accounts/administration.ts'
import { readConfig } from '../config.ts'
import type { Databases } from '../database/connect.ts'
import { runTransaction } from '../database/transaction.ts'
import type { QuotaName } from '../../schema/wire/errors.ts'
import type { Quotas } from '../quotas/quotas.ts'
import { selectUsage } from '../quotas/usage.ts'
import { withDatabase } from './operator-database.ts'
import { runOperatorCommand, type OperatorResult } from './run-command.ts'

const usage = `Usage: claviger accounts list
       claviger accounts show NAME
       claviger accounts suspend NAME
       claviger accounts resume NAME
       claviger accounts delete NAME --yes
       claviger accounts quota NAME [--transaction-keys N] [--management-keys N]
                                    [--webhooks N] [--stored-bytes N]

Accounts, and nothing of what is in them. The database is that of "claviger serve" with
the same environment variables.

  list     all accounts, by name
  show     an account, what it has stored, and how much it may store
  suspend  its requests are refused like those of unknown keys, its streams end, and its
           keys verify like unknown ones, also where verifiers have cached them. Its
           alerts are still raised and delivered
  resume   ends the suspension
  delete   deletes everything of it for good. Nobody can open an account of this name
           again: application servers may know it still
  quota    sets how much this account may have; "default" for what the settings say
  --yes    confirms the deletion
  --json   prints one JSON document, or one line of JSON about an error
`

const verbs = ['list', 'show', 'suspend', 'resume', 'delete', 'quota'] as const
const quotaOptions: Readonly<Record<QuotaName, string>> = {
  transactionKeys: 'transaction-keys',
  managementKeys: 'management-keys',
  webhooks: 'webhooks',
  storedBytes: 'stored-bytes',
}

interface Command {
  readonly verb: (typeof verbs)[number]
  readonly name: string
  readonly isConfirmed: boolean
  readonly quotas: Partial<Record<QuotaName, number | null>>
}

await runOperatorCommand<Command>({
  usage,
  parse: parseCommand,
  run: (command) => {
    const config = readConfig()
    return withDatabase(config, (databases) => run(databases, command, config.quotas))
  },
})

/** Null when the arguments are not a known command. */
function parseCommand(args: string[]): Command | 'help' | null {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      yes: { type: 'boolean' },
      'transaction-keys': { type: 'string' },
      'management-keys': { type: 'string' },
      webhooks: { type: 'string' },
      'stored-bytes': { type: 'string' },
    },
  })
  if (values.help === true) return 'help'
  const [asked, name, ...others] = positionals
  const verb = verbs.find((known) => known === asked)
  if (verb === undefined || others.length > 0 || (verb === 'list') !== (name === undefined)) return null
  const quotas: Command['quotas'] = {
    ...quotaOf('transactionKeys', values['transaction-keys']),
    ...quotaOf('managementKeys', values['management-keys']),
    ...quotaOf('webhooks', values.webhooks),
    ...quotaOf('storedBytes', values['stored-bytes']),
  }
  if (Object.keys(quotas).length > 0 !== (verb === 'quota')) return null
  return { verb, name: name ?? '', isConfirmed: values.yes === true, quotas }
}

function quotaOf(quota: QuotaName, text: string | undefined): Command['quotas'] {
  if (text === undefined) return {}
  if (text === 'default') return { [quota]: null }
  if (!/^\d{1,9}$/.test(text))
    throw new TypeError(`--${quotaOptions[quota]}: must be a whole number, or default.`)
  return { [quota]: Number(text) }
}

async function run(databases: Databases, command: Command, quotas: Quotas): Promise<OperatorResult> {
  const { verb, name } = command
  if (verb === 'list') return list(databases)
  const id = accountIdOf(name)
  const account = await findAccount(databases.reads.db, id)
  if (account === null)
    throw new Error(`There is no account "${name.replace(/[^\x20-\x7e]/g, '?').slice(0, 64)}".`)
  if (verb === 'delete') {
    if (!command.isConfirmed)
      throw new Error(`This deletes everything of ${name} for good: confirm it with --yes.`)
    await runTransaction(databases.writes.db, (tx) => deleteAccount(tx, id))
    return { value: { name: account.name, id, status: 'DELETED' }, lines: ['Deleted.'] }
  }
  await runTransaction(databases.writes.db, async (tx) => {
    if (verb === 'suspend' || verb === 'resume') await setSuspended(tx, id, verb === 'suspend')
    if (verb === 'quota') await setQuotas(tx, id, command.quotas)
  })
  return show(databases, id, quotas)
}

async function list({ reads }: Databases): Promise<OperatorResult> {
  const pageMax = 1_000
  const found: AdministeredAccount[] = []
  let after = ''
  for (let isMore = true; isMore;) {
    const page = await listAccounts(reads.db, { after, limit: pageMax })
    found.push(...page)
    after = page.at(-1)?.name ?? after
    isMore = page.length === pageMax
  }
  return {
    value: { accounts: found.map(documentOf) },
    lines:
      found.length === 0
        ? ['There is no account.']
        : found.map((account) => `${account.createdAt.toISOString()}  ${statusOf(account)}  ${account.name}`),
  }
}

async function show({ writes }: Databases, id: string, quotas: Quotas): Promise<OperatorResult> {
  const account = await findAccount(writes.db, id)
  if (account === null) throw new Error('The account was deleted meanwhile.')
  const has = await selectUsage(writes.db, id, quotas)
  return {
    value: { ...documentOf(account), usage: has },
    lines: [
      `${account.name}  ${statusOf(account)}`,
      `opened            ${account.createdAt.toISOString()}`,
      `transaction keys  ${String(has.transactionKeys)} of ${String(has.transactionKeysMax)}`,
      `management keys   ${String(has.managementKeys)} of ${String(has.managementKeysMax)}`,
      `webhooks          ${String(has.webhooks)} of ${String(has.webhooksMax)}`,
      `stored bytes      ${String(has.storedBytes)} of ${String(has.storedBytesMax)}`,
    ],
  }
}

function documentOf({ id, name, createdAt, suspendedAt }: AdministeredAccount) {
  return {
    name,
    id,
    status: suspendedAt === null ? 'ACTIVE' : 'SUSPENDED',
    createdAt: createdAt.toISOString(),
    suspendedAt: suspendedAt?.toISOString() ?? null,
  }
}

function statusOf({ suspendedAt }: AdministeredAccount): string {
  return suspendedAt === null ? 'active' : `suspended ${suspendedAt.toISOString()}`
}

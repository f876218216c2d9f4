/** `claviger invite`: the operator's command to let people open an account where registration is INVITE. */
import { parseArgs } from 'node:util'
import { and, desc, inArray, isNull, like, sql } from 'drizzle-orm'
import { accounts, invitations } from '../../schema/tables/index.ts'
import { createInvitation, hashOfInvitation } from '../accounts/invitations.ts'
import { readConfig } from '../config.ts'
import type { Databases } from '../database/connect.ts'
import { withDatabase } from './operator-database.ts'
import { runOperatorCommand, type OperatorResult } from './run-command.ts'

const usage = `Usage: claviger invite create [--days N]
       claviger invite list
       claviger invite revoke ID

Invitations to open an account, where REGISTRATION is invite. The database is that of
"claviger serve" with the same environment variables.

  create  prints an invitation, which opens one account. It is shown once: the database
          holds a hash of it. Whoever gets it runs "claviger init --invitation INVITATION"
  list    invitations of the last 30 days, the newest first
  revoke  an invitation that is not used yet, by the id in the list
  --days  how long it is good, 1 to 365 days; 7 unless told
  --json  prints one JSON document, or one line of JSON about an error
`

/** Hexadecimal digits of the hash that stand for an invitation. */
const idDigits = 16

type Command =
  | { readonly verb: 'create'; readonly days: number }
  | { readonly verb: 'list' }
  | { readonly verb: 'revoke'; readonly id: string }

await runOperatorCommand<Command>({
  usage,
  parse: parseCommand,
  run: (command) =>
    withDatabase(readConfig(), (databases) => {
      if (command.verb === 'create') return create(databases, command.days)
      return command.verb === 'list' ? list(databases) : revoke(databases, command.id)
    }),
})

/** Null when the arguments are not a known command. */
function parseCommand(args: string[]): Command | 'help' | null {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: 'boolean' }, days: { type: 'string' } },
  })
  if (values.help === true) return 'help'
  const [verb, id, ...others] = positionals
  if (others.length > 0) return null
  if (verb === 'create' && id === undefined) {
    const days = Number(values.days ?? '7')
    if (!Number.isInteger(days) || days < 1 || days > 365) {
      throw new TypeError('--days: must be a whole number from 1 to 365.')
    }
    return { verb, days }
  }
  if (values.days !== undefined) return null
  if (verb === 'list' && id === undefined) return { verb }
  return verb === 'revoke' && id !== undefined ? { verb, id } : null
}

async function create({ writes }: Databases, days: number): Promise<OperatorResult> {
  const invitation = createInvitation()
  const hash = hashOfInvitation(invitation)
  const [made] = await writes.db
    .insert(invitations)
    .values({ hash, expiresAt: sql`clock_timestamp() + make_interval(days => ${days})` })
    .returning({ expiresAt: invitations.expiresAt })
  const expiresAt = made?.expiresAt.toISOString()
  await writes.db
    .delete(invitations)
    .where(sql`${invitations.expiresAt} < settled_clock() - interval '30 days'`)
  return {
    value: { invitation, id: hash.slice(0, idDigits), expiresAt },
    lines: [invitation, `It opens one account, until ${expiresAt ?? 'it expires'}.`],
  }
}

async function list({ reads }: Databases): Promise<OperatorResult> {
  const found = await reads.db
    .select({
      hash: invitations.hash,
      createdAt: invitations.createdAt,
      expiresAt: invitations.expiresAt,
      isRevoked: invitations.isRevoked,
      isExpired: sql<boolean>`${invitations.expiresAt} <= clock_timestamp()`,
      accountId: invitations.accountId,
    })
    .from(invitations)
    .orderBy(desc(invitations.createdAt))
    .limit(1_000)
  // Apart: invitations and accounts may be on different machines.
  const ids = found.flatMap(({ accountId }) => accountId ?? [])
  const named =
    ids.length === 0
      ? []
      : await reads.db
          .select({ id: accounts.id, name: accounts.name })
          .from(accounts)
          .where(inArray(accounts.id, ids))
  const names = new Map(named.map(({ id, name }) => [id, name]))
  const documents = found.map(({ hash, createdAt, expiresAt, ...state }) => ({
    id: hash.slice(0, idDigits),
    status: statusOf(state),
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    account: names.get(state.accountId ?? '') ?? null,
  }))
  return {
    value: { invitations: documents },
    lines:
      documents.length === 0
        ? ['There is no invitation.']
        : documents.map(
            ({ id, status, expiresAt, account }) =>
              `${id}  ${status.toLowerCase()}  until ${expiresAt}${account === null ? '' : `  ${account}`}`,
          ),
  }
}

function statusOf({
  accountId,
  isRevoked,
  isExpired,
}: {
  readonly accountId: string | null
  readonly isRevoked: boolean
  readonly isExpired: boolean
}): 'USED' | 'REVOKED' | 'EXPIRED' | 'OPEN' {
  if (accountId !== null) return 'USED'
  if (isRevoked) return 'REVOKED'
  return isExpired ? 'EXPIRED' : 'OPEN'
}

async function revoke({ writes }: Databases, id: string): Promise<OperatorResult> {
  if (!/^[\da-f]{16}$/.test(id)) throw new Error('The id of an invitation has 16 hexadecimal digits.')
  const revoked = await writes.db
    .update(invitations)
    .set({ isRevoked: true })
    .where(and(like(invitations.hash, `${id}%`), isNull(invitations.accountId)))
    .returning({ hash: invitations.hash })
  if (revoked.length === 0) throw new Error('There is no such invitation that is not used yet.')
  return { value: { id, status: 'REVOKED' }, lines: ['Revoked.'] }
}

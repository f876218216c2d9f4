import { encodeCursor } from '../../schema/wire/cursor.ts'
import { accountIdOf } from '../../server/lib/account-id.ts'
import { call, openAccount, storeKey, type RawAccount } from './raw-client.ts'
import type { AlertNode } from './socket.ts'
import type { World } from './world.ts'

export { useWorld } from './world.ts'

export interface Subscriber extends RawAccount {
  /** A key of the account's, for alerts to be about. */
  readonly keyId: string
}

export async function openSubscriber(url: string): Promise<Subscriber> {
  const account = await openAccount(url)
  const { id } = await storeKey(url, account.key)
  return { ...account, keyId: id }
}

/** Stores alerts of an account, each in a transaction of its own, in the way that all causes of alerts do. */
export async function raise(
  { sql }: Pick<World, 'sql'>,
  { name, keyId }: Subscriber,
  { count = 1, kind = 'KEY_REVOKED' }: { count?: number; kind?: 'KEY_REVOKED' | 'KEY_EXPIRED' } = {},
): Promise<void> {
  const details = { reason: 'UNSPECIFIED', expiresAt: '2030-01-01T00:00:00.000Z' }
  for (let raised = 0; raised < count; raised++) {
    await sql`SELECT raise_alert(${accountIdOf(name)}, ${kind}, ${keyId}, NULL, ${sql.json(details)})`
  }
}

/** Sets an account's alerts back, as a failover to a standby does that lacks the last transactions. */
export async function loseLast(
  { sql }: Pick<World, 'sql'>,
  { name }: RawAccount,
  { count }: { count: number },
): Promise<void> {
  const id = accountIdOf(name)
  await sql.begin(async (tx) => {
    const [account] = await tx<{ alert_position: string }[]>`
      UPDATE accounts SET alert_position = alert_position - ${count} WHERE id = ${id} RETURNING alert_position`
    await tx`DELETE FROM alerts WHERE account_id = ${id} AND position > ${account?.alert_position ?? null}`
  })
}

export async function listAlerts(
  url: string,
  { key }: RawAccount,
  after: string | null = null,
): Promise<AlertNode[]> {
  const { data } = await call(url, key, {
    query: `query ($after: String) { account { alerts(first: 100, after: $after) { edges { cursor node { id kind cursor } } } } }`,
    variables: { after },
  })
  const edges: { node: AlertNode }[] = data?.['account'].alerts.edges
  return edges.map(({ node }) => node)
}

/** Every alert of an account, page by page. */
export async function listAllAlerts(url: string, account: RawAccount): Promise<AlertNode[]> {
  const all: AlertNode[] = []
  for (;;) {
    const page = await listAlerts(url, account, all.at(-1)?.cursor)
    if (page.length === 0) return all
    all.push(...page)
  }
}

/** Before the first alert of an account. */
export const beginning = encodeCursor('alert', '0')

export async function take(
  feed: { next(timeoutMs?: number): Promise<AlertNode> },
  count: number,
): Promise<AlertNode[]> {
  const taken: AlertNode[] = []
  while (taken.length < count) taken.push(await feed.next())
  return taken
}

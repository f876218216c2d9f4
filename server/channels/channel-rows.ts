import { and, asc, eq, isNotNull, ne, or, isNull, sql, type SQL } from 'drizzle-orm'
import type { Channel } from '../../schema/graphql/domain.ts'
import { webhooks } from '../../schema/tables/index.ts'
import type { Executor } from '../database/connect.ts'
import { openTarget } from './target.ts'

/** A channel as it is stored: what it needs to be shown, with its target sealed. */
export interface StoredChannel extends Omit<Channel, 'target'> {
  readonly sealedTarget: string
}

/** A channel as the API shows it. A row of a channel has a kind and a language. */
export const channelColumns = {
  accountId: webhooks.accountId,
  id: webhooks.id,
  kind: sql<Channel['kind']>`${webhooks.channelKind}`,
  sealedTarget: webhooks.sealedSecret,
  kinds: webhooks.kinds,
  language: sql<Channel['language']>`${webhooks.language}`,
  createdAt: webhooks.createdAt,
  isConfirmed: sql<boolean>`${webhooks.notice} IS NULL`,
  lastDeliveredAt: webhooks.lastDeliveredAt,
  failingSince: webhooks.failingSince,
  failure: webhooks.failure,
  nextAttemptAt: webhooks.dueAt,
  disabledAt: webhooks.disabledAt,
}

export function isChannel({ accountId, id }: Pick<Channel, 'accountId' | 'id'>): SQL | undefined {
  return and(eq(webhooks.accountId, accountId), eq(webhooks.id, id), isNotNull(webhooks.channelKind))
}

/** One that was not removed: a removed one is there until it has been told. */
export const isKept = or(isNull(webhooks.notice), ne(webhooks.notice, 'FAREWELL'))

/** Oldest first. */
export async function selectChannels(db: Executor, accountId: string): Promise<StoredChannel[]> {
  return db
    .select(channelColumns)
    .from(webhooks)
    .where(and(eq(webhooks.accountId, accountId), isNotNull(webhooks.channelKind), isKept))
    .orderBy(asc(webhooks.createdAt), asc(webhooks.id))
}

export async function showChannel(
  { sealedTarget, ...channel }: StoredChannel,
  serverKeySecret: string,
): Promise<Channel> {
  const { accountId, id } = channel
  return { ...channel, target: await openTarget(sealedTarget, { accountId, id, serverKeySecret }) }
}

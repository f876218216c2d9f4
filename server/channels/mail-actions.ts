import { and, eq, sql } from 'drizzle-orm'
import { accounts, webhooks } from '../../schema/tables/index.ts'
import type { ChannelLanguage } from '../../schema/wire/enums.ts'
import { lockAlerts } from '../alerts/lock.ts'
import type { Databases, Executor } from '../database/connect.ts'
import { runTransaction } from '../database/transaction.ts'
import { raiseChannelChanged } from '../webhooks/channel-changed.ts'
import { channelColumns, isChannel, isKept, type StoredChannel } from './channel-rows.ts'
import { blockAddress } from './confirmations.ts'
import type { MailLink } from './links.ts'

/** The content of a link's page. */
export interface LinkFacts {
  /** The account's name. */
  readonly owner: string
  readonly language: ChannelLanguage
}

type ChannelLink = Extract<MailLink, { readonly channelId: string }>

/** Carries out the links in mails. A link is the only credential: only the mail's reader has it. */
export class MailActions {
  readonly #databases: Databases

  constructor(databases: Databases) {
    this.#databases = databases
  }

  /** The account that a link acts on; null when it has no effect any more. */
  async look(link: MailLink): Promise<LinkFacts | null> {
    if (link.action === 'block') return noAccount
    const { db } = this.#databases.reads
    const [found] = await db
      .select({ owner: accounts.name, language: channelColumns.language })
      .from(webhooks)
      .innerJoin(accounts, eq(accounts.id, webhooks.accountId))
      .where(isOpenFor(link))
    return found ?? null
  }

  /** Carries out a link; null when it had no effect. */
  async follow(link: MailLink): Promise<LinkFacts | null> {
    const { db } = this.#databases.writes
    if (link.action === 'block') {
      await blockAddress(db, link.addressDigest)
      return noAccount
    }
    return runTransaction(db, async (tx) => {
      const { accountId } = link
      const [account] = await tx
        .select({ owner: accounts.name })
        .from(accounts)
        .where(eq(accounts.id, accountId))
      if (account === undefined) return null
      const newest = await lockAlerts({ tx, accountId })
      const channel = await (link.action === 'confirm' ? confirm(tx, link, newest) : stop(tx, link))
      if (channel === undefined) return null
      // A channel that was never confirmed raises no alert.
      if (link.action === 'confirm' || channel.isConfirmed) {
        await raiseChannelChanged({ tx, accountId }, channel, link.action === 'confirm' ? 'ADDED' : 'STOPPED')
      }
      return { owner: account.owner, language: channel.language }
    })
  }
}

/** The page of an action on an address alone: there is no account that has a language. */
const noAccount: LinkFacts = { owner: '', language: 'EN' }

function isOpenFor({ action, accountId, channelId: id }: ChannelLink) {
  return and(
    isChannel({ accountId, id }),
    action === 'stop'
      ? isKept
      : and(eq(webhooks.notice, 'CONFIRMATION'), sql`${webhooks.noticeExpiresAt} > statement_timestamp()`),
  )
}

/** Confirms a channel: alerts from now on are sent there. */
async function confirm(tx: Executor, link: ChannelLink, newest: number): Promise<StoredChannel | undefined> {
  const [channel] = await tx
    .update(webhooks)
    .set({
      notice: null,
      noticeExpiresAt: null,
      position: newest,
      newestPosition: newest,
      attempts: 0,
      failingSince: null,
      failure: null,
    })
    .where(isOpenFor(link))
    .returning(channelColumns)
  return channel
}

/** Removes a channel, and erases its address. */
async function stop(tx: Executor, link: ChannelLink): Promise<StoredChannel | undefined> {
  const [channel] = await tx.delete(webhooks).where(isOpenFor(link)).returning(channelColumns)
  return channel
}

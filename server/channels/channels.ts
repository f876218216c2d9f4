import { randomUUID } from 'node:crypto'
import { and, eq, isNotNull, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { AddChannelInput, ChannelsPort } from '../../schema/graphql/context.ts'
import type { Channel } from '../../schema/graphql/domain.ts'
import { webhooks } from '../../schema/tables/index.ts'
import { channelLanguages, type ChannelKind } from '../../schema/wire/enums.ts'
import { badInput, KeyServerError, notFound } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import { lockAlerts } from '../alerts/lock.ts'
import { recordAudit } from '../audit/record.ts'
import type { SignedRequest, SignedTransaction } from '../auth/signed-request.ts'
import type { Databases } from '../database/connect.ts'
import { parseInput, uuid, wantedKinds } from '../lib/input.ts'
import { raiseChannelChanged, sendsOtherAlerts } from '../webhooks/channel-changed.ts'
import {
  channelColumns,
  isChannel,
  isKept,
  selectChannels,
  showChannel,
  type StoredChannel,
} from './channel-rows.ts'
import { countConfirmation } from './confirmations.ts'
import { addressDigestOf, hostDigestOf, parseTarget, sealTarget, targetDigestOf } from './target.ts'

export interface ChannelsOptions {
  readonly databases: Databases
  readonly serverKeySecret: string
  /** Whether the operator has set a mail server. */
  readonly sendsMail: boolean
  readonly allowsPrivate: boolean
}

const input = z.object({
  kinds: wantedKinds,
  language: z
    .enum(channelLanguages)
    .nullish()
    .transform((language) => language ?? 'EN'),
})

/** Adds, shows and removes channels. ChannelDelivery decides what is sent, and when. */
export class Channels {
  readonly #options: ChannelsOptions

  constructor(options: ChannelsOptions) {
    this.#options = options
  }

  /** The port of one request. */
  forRequest(request: SignedRequest): ChannelsPort {
    const { databases, serverKeySecret } = this.#options
    return {
      add: (given) => this.#add(request, given),
      remove: (id) => this.#remove(request, id),
      list: async ({ id }) => {
        const stored = await selectChannels(databases.reads.db, id)
        return Promise.all(stored.map((channel) => showChannel(channel, serverKeySecret)))
      },
    }
  }

  async #add(request: SignedRequest, { kind, target: given, ...rest }: AddChannelInput): Promise<Channel> {
    const { serverKeySecret, sendsMail } = this.#options
    if (kind === 'EMAIL' && !sendsMail) {
      throw badInput('input.kind', 'This key server sends no mail: its operator has not set SMTP_URL.')
    }
    const target = parseTarget({ kind, target: given }, this.#options)
    const settings = parseInput(input, rest, 'input')
    return request.transaction(async (signed) => {
      const newest = await lockAlerts(signed)
      const { accountId } = signed
      const targetDigest = targetDigestOf(target, { accountId, kind, serverKeySecret })
      const known = await selectByTarget(signed, targetDigest)
      const settled =
        known === undefined
          ? await this.#insert(signed, { kind, target, targetDigest, newest, ...settings })
          : await change(signed, known, settings)
      const stored = settled.isConfirmed
        ? settled
        : await this.#askForConfirmation(signed, { target, id: settled.id })
      if (stored.isConfirmed && (known === undefined || isOther(known, stored))) {
        await raiseChannelChanged(signed, stored, known === undefined ? 'ADDED' : 'CHANGED')
      }
      await recordAudit(signed, [{ action: 'WEBHOOK_CHANGED' }])
      return { ...stored, target }
    })
  }

  async #insert(
    signed: SignedTransaction,
    {
      kind,
      target,
      newest,
      ...values
    }: Pick<Channel, 'kinds' | 'language'> & {
      readonly kind: ChannelKind
      readonly target: string
      readonly targetDigest: string
      readonly newest: number
    },
  ): Promise<StoredChannel> {
    const { tx, accountId } = signed
    const { serverKeySecret } = this.#options
    // Removed channels count until their farewell is sent, so that adding and removing in turn floods nobody.
    const [{ count } = { count: 0 }] = await tx
      .select({ count: sql<number>`count(*)::int` })
      .from(webhooks)
      .where(and(eq(webhooks.accountId, accountId), isNotNull(webhooks.channelKind)))
    if (count >= limits.channelsMax) {
      throw new KeyServerError('CONFLICT', `An account has at most ${String(limits.channelsMax)} channels.`)
    }
    const id = randomUUID()
    const [channel] = await tx
      .insert(webhooks)
      .values({
        accountId,
        id,
        ...values,
        kinds: values.kinds && [...values.kinds],
        channelKind: kind,
        hostDigest: hostDigestOf(target, { kind, serverKeySecret }),
        sealedSecret: await sealTarget(target, { accountId, id, serverKeySecret }),
        position: newest,
        newestPosition: newest,
        notice: kind === 'EMAIL' ? 'CONFIRMATION' : null,
      })
      .returning(channelColumns)
    if (channel === undefined) throw new TypeError('An inserted row is returned.')
    return channel
  }

  /** Has the confirmation mail sent, now or again; not to an address that was blocked. */
  async #askForConfirmation(
    signed: SignedTransaction,
    { target, id }: { readonly target: string; readonly id: string },
  ): Promise<StoredChannel> {
    const { tx, accountId, now } = signed
    const mayAsk = await countConfirmation(signed, addressDigestOf(target, this.#options.serverKeySecret))
    const [channel] = await tx
      .update(webhooks)
      .set({
        noticeExpiresAt: new Date(now.getTime() + limits.confirmationHours * 3_600_000),
        dueAt: mayAsk ? now : null,
        attempts: 0,
      })
      .where(isChannel({ accountId, id }))
      .returning(channelColumns)
    if (channel === undefined) throw new TypeError('The channel is there.')
    return channel
  }

  async #remove(request: SignedRequest, id: string): Promise<Channel> {
    const parsed = uuid.safeParse(id)
    return request.transaction(async (signed) => {
      if (!parsed.success) throw notFound('channel')
      await lockAlerts(signed)
      const { tx, accountId } = signed
      const isIt = and(isChannel({ accountId, id: parsed.data }), isKept)
      const [channel] = await tx.select(channelColumns).from(webhooks).where(isIt)
      if (channel === undefined) throw notFound('channel')
      const shown = await showChannel(channel, this.#options.serverKeySecret)
      if (channel.isConfirmed) {
        await tx
          .update(webhooks)
          .set({
            ...farewell,
            noticeExpiresAt: new Date(signed.now.getTime() + farewellMsMax),
            dueAt: signed.now,
          })
          .where(isIt)
        await raiseChannelChanged(signed, channel, 'REMOVED')
      } else await tx.delete(webhooks).where(isIt)
      await recordAudit(signed, [{ action: 'WEBHOOK_CHANGED' }])
      return shown
    })
  }
}

/** How long a farewell is tried before the target is erased without one. */
const farewellMsMax = 24 * 3_600_000
const farewell = { notice: 'FAREWELL', targetDigest: null, disabledAt: null, attempts: 0 } as const

async function selectByTarget(
  { tx, accountId }: SignedTransaction,
  targetDigest: string,
): Promise<StoredChannel | undefined> {
  const [known] = await tx
    .select(channelColumns)
    .from(webhooks)
    .where(and(eq(webhooks.accountId, accountId), eq(webhooks.targetDigest, targetDigest)))
  return known
}

/** Changes and enables a channel. Waiting alerts are tried at once, unless attempts fail: then the back-off stays. */
async function change(
  { tx, accountId, now }: SignedTransaction,
  { id }: StoredChannel,
  { kinds, language }: Pick<Channel, 'kinds' | 'language'>,
): Promise<StoredChannel> {
  const [channel] = await tx
    .update(webhooks)
    .set({
      kinds: kinds && [...kinds],
      language,
      disabledAt: null,
      dueAt: sql`CASE WHEN ${webhooks.newestPosition} > ${webhooks.position} AND ${webhooks.notice} IS NULL
        THEN coalesce(${webhooks.dueAt}, greatest(${now.toISOString()}::timestamptz, ${webhooks.pausedUntil})) END`,
    })
    .where(isChannel({ accountId, id }))
    .returning(channelColumns)
  if (channel === undefined) throw new TypeError('The channel is there.')
  return channel
}

/** Whether a change is alerted. */
function isOther(before: StoredChannel, after: StoredChannel): boolean {
  return before.language !== after.language || sendsOtherAlerts(before, after)
}

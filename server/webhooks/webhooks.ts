import { randomUUID } from 'node:crypto'
import { and, eq, isNull, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { SetWebhookInput, WebhooksPort } from '../../schema/graphql/context.ts'
import type { Webhook, WebhookDeadLetter } from '../../schema/graphql/domain.ts'
import { webhookDeadLetters, webhooks } from '../../schema/tables/index.ts'
import { notFound } from '../../schema/wire/errors.ts'
import { parseCursorPosition } from '../alerts/alert-page.ts'
import { lockAlerts } from '../alerts/lock.ts'
import { recordAudit } from '../audit/record.ts'
import type { SignedRequest, SignedTransaction } from '../auth/signed-request.ts'
import type { Quotas } from '../quotas/quotas.ts'
import { quotaExceeded, quotasOf } from '../quotas/usage.ts'
import type { Databases } from '../database/connect.ts'
import { parseInput, uuid, wantedKinds } from '../lib/input.ts'
import { parsePageSize } from '../lib/page-size.ts'
import { raiseChannelChanged, sendsOtherAlerts } from './channel-changed.ts'
import { createWebhookSecret, sealWebhookSecret, showWebhookSecret } from './secret.ts'
import {
  countDeadLetters,
  isLetterOf,
  isWebhook,
  selectDeadLetters,
  selectWebhooks,
  webhookColumns,
} from './webhook-rows.ts'
import { webhookUrl } from './webhook-url.ts'

const webhookChanged = { action: 'WEBHOOK_CHANGED' } as const

export interface WebhooksOptions {
  readonly databases: Databases
  readonly serverKeySecret: string
  readonly allowsPrivate: boolean
  readonly quotas: Quotas
}

/** Sets, shows and removes webhooks. WebhookDelivery decides what is posted, and when. */
export class Webhooks {
  readonly #databases: Databases
  readonly #serverKeySecret: string
  readonly #quotas: Quotas
  readonly #input

  constructor(options: WebhooksOptions) {
    this.#databases = options.databases
    this.#serverKeySecret = options.serverKeySecret
    this.#quotas = options.quotas
    this.#input = z.object({
      url: webhookUrl(options),
      kinds: wantedKinds,
      renewSecret: z.boolean().nullable().default(false),
    })
  }

  /** The port of one request. */
  forRequest(request: SignedRequest): WebhooksPort {
    const { db } = this.#databases.reads
    return {
      set: (input) => this.#set(request, input),
      remove: (id) => this.#remove(request, id),
      redeliver: (id) => this.#redeliver(request, id),
      list: (account) => selectWebhooks(db, account.id),
      deadLetters: (webhook, page) => this.#deadLetters(webhook, page),
      countDeadLetters: (webhook) => countDeadLetters(db, webhook),
    }
  }

  async #set(
    request: SignedRequest,
    input: SetWebhookInput,
  ): Promise<{ webhook: Webhook; secret: string | null }> {
    const { url, kinds, renewSecret } = parseInput(this.#input, input, 'input')
    return request.transaction(async (signed) => {
      const newest = await lockAlerts(signed)
      const stored = await selectWebhooks(signed.tx, signed.accountId)
      const known = stored.find((webhook) => webhook.url === url)
      const { webhooks: max } = await quotasOf(signed.tx, signed.accountId, this.#quotas)
      if (known === undefined && stored.length >= max) throw quotaExceeded('webhooks', max)
      const id = known?.id ?? randomUUID()
      const isNewSecret = known === undefined || renewSecret === true
      const secret = isNewSecret ? createWebhookSecret() : null
      const sealed =
        secret &&
        (await sealWebhookSecret(secret, {
          accountId: signed.accountId,
          id,
          serverKeySecret: this.#serverKeySecret,
        }))
      const webhook =
        known === undefined
          ? await this.#add(signed, { id, url, kinds, sealedSecret: sealed ?? '', newest })
          : await change(signed, { id, kinds, ...(sealed !== null && { sealedSecret: sealed }) })
      if (known !== undefined && (isNewSecret || sendsOtherAlerts(known, webhook))) {
        await raiseChannelChanged(signed, { id, kind: null }, 'CHANGED')
      }
      await recordAudit(signed, [webhookChanged])
      return { webhook, secret: secret && showWebhookSecret(secret) }
    })
  }

  /** Adds a webhook. The alert about it goes to the others, and not to itself. */
  async #add(
    signed: SignedTransaction,
    { newest, ...values }: Parameters<typeof insert>[1],
  ): Promise<Webhook> {
    const { tx, accountId } = signed
    const [other] = await tx
      .select({ id: webhooks.id })
      .from(webhooks)
      .where(and(eq(webhooks.accountId, accountId), isNull(webhooks.notice)))
      .limit(1)
    if (other === undefined) return insert(signed, { ...values, newest })
    await raiseChannelChanged(signed, { id: values.id, kind: null }, 'ADDED')
    return insert(signed, { ...values, newest: newest + 1 })
  }

  async #remove(request: SignedRequest, id: string): Promise<Webhook> {
    return request.transaction(async (signed) => {
      const { tx, accountId } = signed
      await lockAlerts(signed)
      const [removed] = await tx
        .delete(webhooks)
        .where(isWebhook({ accountId, id: parseId(id) }))
        .returning(webhookColumns)
      if (removed === undefined) throw notFound('webhook')
      await raiseChannelChanged(signed, { id: removed.id, kind: null }, 'REMOVED')
      await recordAudit(signed, [webhookChanged])
      return removed
    })
  }

  async #redeliver(request: SignedRequest, id: string): Promise<Webhook> {
    return request.transaction(async (signed) => {
      // The webhook's row is locked first, as everywhere, so that its delivery sees the letters that are asked for.
      const webhook = await change(signed, { id: parseId(id), isRedeliveryAsked: true })
      await signed.tx.update(webhookDeadLetters).set({ isRedeliveryAsked: true }).where(isLetterOf(webhook))
      await recordAudit(signed, [webhookChanged])
      return webhook
    })
  }

  #deadLetters(
    webhook: Webhook,
    { first, after }: Parameters<WebhooksPort['deadLetters']>[1],
  ): Promise<WebhookDeadLetter[]> {
    return selectDeadLetters(this.#databases.reads.db, webhook, {
      after: parseCursorPosition(after, 'after')?.position ?? 0,
      limit: parsePageSize(first, 'first'),
    })
  }
}

/** @throws {KeyServerError} NOT_FOUND for a string that is no UUID */
function parseId(id: string): string {
  const parsed = uuid.safeParse(id)
  if (!parsed.success) throw notFound('webhook')
  return parsed.data
}

async function insert(
  { tx, accountId }: SignedTransaction,
  {
    newest,
    ...values
  }: Pick<Webhook, 'id' | 'url' | 'kinds'> & { readonly sealedSecret: string; readonly newest: number },
): Promise<Webhook> {
  const [webhook] = await tx
    .insert(webhooks)
    .values({
      accountId,
      ...values,
      kinds: values.kinds && [...values.kinds],
      position: newest,
      newestPosition: newest,
    })
    .returning(webhookColumns)
  if (webhook === undefined) throw new TypeError('An inserted row is returned.')
  return webhook
}

/**
 * Any change enables a webhook. Alerts that wait are tried at once where the receiver does not fail; where it does, setting the
 * URL anew keeps the back-off, and asking for a redelivery ends it.
 *
 * @throws {KeyServerError} NOT_FOUND
 */
async function change(
  { tx, accountId, now }: SignedTransaction,
  {
    id,
    kinds,
    ...changes
  }: Pick<Webhook, 'id'> &
    Partial<Pick<Webhook, 'kinds'>> & {
      readonly sealedSecret?: string
      readonly isRedeliveryAsked?: boolean
    },
): Promise<Webhook> {
  const hasWork =
    changes.isRedeliveryAsked === true
      ? sql`true`
      : sql`${webhooks.newestPosition} > ${webhooks.position} OR ${webhooks.isRedeliveryAsked}`
  const at = sql`${now.toISOString()}::timestamptz`
  const soon = sql`CASE WHEN ${webhooks.attempts} > 0 THEN greatest(${webhooks.dueAt}, ${at}) ELSE ${at} END`
  const [webhook] = await tx
    .update(webhooks)
    .set({
      ...changes,
      ...(kinds !== undefined && { kinds: kinds && [...kinds] }),
      disabledAt: null,
      dueAt: sql`CASE WHEN ${hasWork} THEN ${changes.isRedeliveryAsked === true ? at : soon} END`,
    })
    .where(isWebhook({ accountId, id }))
    .returning(webhookColumns)
  if (webhook === undefined) throw notFound('webhook')
  return webhook
}

import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { addressesOf, lookUpAmong } from '../outbound/addresses.ts'
import { traceStep } from '../lib/traces.ts'
import type { WebhookMessage } from './message.ts'
import { isPublicAddress } from '../outbound/public-address.ts'

export interface PostOptions {
  readonly url: string
  /** Also http, and addresses that only the operator's own network reaches. */
  readonly allowsPrivate: boolean
  /** The addresses of a name; by default resolveName. */
  readonly resolve?: (name: string) => Promise<readonly string[]>
  readonly timeoutMs: number
  /** Ends the attempt. */
  readonly signal: AbortSignal
}

/** Why an attempt failed, as its owner may know it. */
export type WebhookFailure =
  | 'URL_REFUSED'
  | 'ADDRESS_REFUSED'
  | 'NAME_NOT_FOUND'
  | 'CONNECTION_FAILED'
  | 'TIMED_OUT'
  | 'REDIRECTED'
  | 'SECRET_LOST'
  | `HTTP_${number}`

const responseHeaderBytesMax = 16 * 1024

/**
 * Posts a message. A receiver takes it by any status of 2xx; of its answer nothing else is read, no redirect is followed.
 *
 * The owner of an account chooses where this server connects to, so a name is resolved once, each of its addresses is
 * checked, and the connection goes to these very addresses: a name that answers differently the second time (DNS
 * rebinding) is not asked a second time.
 *
 * @returns null when it was taken
 */
export function postWebhook(message: WebhookMessage, options: PostOptions): Promise<WebhookFailure | null> {
  return traceStep({ name: 'post', isRemote: true, codeOf: (failure) => failure }, () =>
    post(message, options),
  )
}

async function post(message: WebhookMessage, options: PostOptions): Promise<WebhookFailure | null> {
  const url = new URL(options.url)
  if (url.protocol !== 'https:' && !options.allowsPrivate) return 'URL_REFUSED'
  const timeout = AbortSignal.timeout(options.timeoutMs)
  const signal = AbortSignal.any([options.signal, timeout])
  try {
    const addresses = await addressesOf(url, { resolve: options.resolve, signal })
    if (addresses.length === 0) return 'NAME_NOT_FOUND'
    if (!options.allowsPrivate && !addresses.every(isPublicAddress)) return 'ADDRESS_REFUSED'
    return failureOf(await send(message, { url, addresses, signal }))
  } catch (error) {
    if (timeout.aborted) return 'TIMED_OUT'
    if (options.signal.aborted) throw error
    return 'CONNECTION_FAILED'
  }
}

/** @returns the status */
function send(
  { headers, body }: WebhookMessage,
  { url, addresses, signal }: { url: URL; addresses: readonly string[]; signal: AbortSignal },
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const outgoing = request(url, {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    lookup: lookUpAmong(addresses),
    // No connection is kept: one that was checked for another message may have been checked too long ago.
    agent: false,
    maxHeaderSize: responseHeaderBytesMax,
    signal,
  })
  outgoing.on('response', (response: IncomingMessage) => {
    response.on('error', () => undefined)
    resolve(response.statusCode ?? 0)
    // Whatever else it says.
    outgoing.destroy()
  })
  outgoing.on('error', reject)
  outgoing.on('close', () => {
    reject(new Error('The connection was closed without an answer.'))
  })
  outgoing.end(body)
  return promise
}

function failureOf(status: number): WebhookFailure | null {
  if (status >= 200 && status < 300) return null
  return status >= 300 && status < 400 ? 'REDIRECTED' : `HTTP_${status}`
}

import { traceStep } from '../lib/traces.ts'
import { allowedAddresses } from '../outbound/addresses.ts'
import { sendRequest } from '../outbound/send-request.ts'
import type { WebhookMessage } from './message.ts'

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

/**
 * Posts a message. Its receiver takes it by any status of 2xx; of the answer nothing else is read, and no redirect is
 * followed. The owner of an account chooses the URL: see outbound/addresses.ts.
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
    const { allowsPrivate, resolve } = options
    const addresses = await allowedAddresses(url, { allowsPrivate, resolve, signal })
    if (typeof addresses === 'string') return addresses
    return failureOf(await send(message, { url, addresses, signal }))
  } catch (error) {
    if (timeout.aborted) return 'TIMED_OUT'
    if (options.signal.aborted) throw error
    return 'CONNECTION_FAILED'
  }
}

/** @returns the status */
async function send(
  { headers, body }: WebhookMessage,
  { url, ...connection }: { url: URL; addresses: readonly string[]; signal: AbortSignal },
): Promise<number> {
  const response = await sendRequest(url, {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    body,
    ...connection,
  })
  response.destroy()
  return response.statusCode ?? 0
}

function failureOf(status: number): WebhookFailure | null {
  if (status >= 200 && status < 300) return null
  return status >= 300 && status < 400 ? 'REDIRECTED' : `HTTP_${status}`
}

import { contentDigest, httpProfile } from '../../schema/wire/signatures/http-signature.ts'
import { readBoundedBody } from './bounded-body.ts'
import type { MessageSigner } from './message-signer.ts'
import { VaultError } from '../errors.ts'
import type { Clock } from './clock.ts'
import { refusedSignatureOf, type RefusedSignature } from './refused-signature.ts'
import { networkFailure } from './network-failure.ts'
import { wait } from './wait.ts'

export type Fetch = typeof globalThis.fetch

export interface SigningFetchOptions {
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined
  /** Default: 10,000. */
  readonly timeoutMs?: number | undefined
  readonly clock: Clock
  /** Absent: requests go unsigned. */
  readonly signer?: MessageSigner | undefined
}

const timeoutMsDefault = 10_000

/** How long to wait before the second and the third attempt, in milliseconds, before jitter. */
const retryDelaysMs = [200, 800]

/**
 * A `fetch` for GraphQL requests: POSTs the body as bytes, signs those very bytes, and bounds every attempt in time.
 *
 * A request that got no answer is sent again, twice at most, each time signed afresh. That is safe for every operation
 * of the protocol, because the client chooses the ids. When the key server says that the signature is out of its time
 * window, the clock is corrected, within its bounds, and the request sent once more. A signed request that is limited (429)
 * waits, within bounds, as long as the key server says.
 *
 * @throws {VaultError} NETWORK, TIMEOUT, CLOCKS_DIFFER.
 */
export function signingFetch(options: SigningFetchOptions): Fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    const body = typeof init?.body === 'string' ? new TextEncoder().encode(init.body) : null
    if (body === null) throw new TypeError('The body of a GraphQL request is a string.')
    const request = { url, body, signal: init?.signal ?? null }
    let isClockCorrected = false
    for (let retries = 0; ; retries += 1) {
      const answer = await attemptWhenAllowed(request, options)
      if (!('error' in answer)) {
        const { reason, serverTime } = answer.refusal
        const isAboutClock = options.signer !== undefined && reason === 'SIGNATURE_EXPIRED'
        if (isAboutClock && serverTime !== undefined && !isClockCorrected) {
          options.clock.correct(serverTime)
          isClockCorrected = true
          continue
        }
        // A browser may send a POST twice by itself when a kept connection turns out to be dead.
        const isWorthRetrying = reason === 'SIGNATURE_REPLAYED' || answer.response.status === 503
        if (!isWorthRetrying) return answer.response
      }
      const delayMs = retryDelaysMs[retries]
      if (delayMs === undefined || request.signal?.aborted) return settle(answer)
      await wait(delayMs * (0.5 + Math.random()), request.signal)
    }
  }
}

/** Why an attempt was aborted. */
const timedOut = 'timed out'

interface PreparedRequest {
  readonly url: string
  readonly body: Uint8Array<ArrayBuffer>
  /** The caller's. */
  readonly signal: AbortSignal | null
}

type Attempt =
  | {
      readonly response: Response
      readonly refusal: RefusedSignature
      /** When it may be asked again; null where the answer does not say. */
      readonly retryAfterMs: number | null
    }
  | { readonly error: VaultError }

function settle(answer: Attempt): Response {
  if ('error' in answer) throw answer.error
  return answer.response
}

/** How long a request waits in all while the key server limits it. */
const limitedMsMax = 30_000

/** So what writes much, e.g. wrapping all keys for another device, takes its time and does not fail half-way. */
async function attemptWhenAllowed(request: PreparedRequest, options: SigningFetchOptions): Promise<Attempt> {
  for (let waitedMs = 0; ;) {
    const answer = await attempt(request, options)
    if (options.signer === undefined || 'error' in answer || answer.retryAfterMs === null) return answer
    waitedMs += answer.retryAfterMs
    if (waitedMs > limitedMsMax) return answer
    await wait(answer.retryAfterMs, request.signal)
    if (request.signal?.aborted) return answer
  }
}

async function attempt(request: PreparedRequest, options: SigningFetchOptions): Promise<Attempt> {
  const { fetch = globalThis.fetch, timeoutMs = timeoutMsDefault } = options
  const accept = 'application/graphql-response+json, application/json'
  const headers = await signedHeaders({ ...request, accept }, options.signer)
  // Not AbortSignal.timeout and AbortSignal.any: they are held weakly, and were seen to be collected together with a
  // request that still waited for them.
  const ended = new AbortController()
  const end = () => {
    ended.abort()
  }
  const timer = setTimeout(() => {
    ended.abort(timedOut)
  }, timeoutMs)
  if (request.signal?.aborted) end()
  request.signal?.addEventListener('abort', end)
  try {
    const response = await fetch(request.url, {
      method: 'POST',
      headers,
      body: request.body,
      signal: ended.signal,
      // The signature is for this URL alone, and no cookie or referrer belongs to it.
      redirect: 'error',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
    })
    return await readAnswer(response)
  } catch (error) {
    const detail = `It had ${String(timeoutMs)} ms.`
    return {
      error:
        ended.signal.reason === timedOut
          ? new VaultError('TIMEOUT', { detail })
          : networkFailure(error, { url: request.url }),
    }
  } finally {
    clearTimeout(timer)
    request.signal?.removeEventListener('abort', end)
  }
}

/** The headers of a POST of JSON: signed, when there is a signer. */
export async function signedHeaders(
  {
    url,
    body,
    accept,
  }: { readonly url: string; readonly body: Uint8Array<ArrayBuffer>; readonly accept: string },
  signer: MessageSigner | undefined,
): Promise<Record<string, string>> {
  const contentType = 'application/json'
  const headers = { accept, 'content-type': contentType }
  if (signer === undefined) return headers
  const digest = await contentDigest(body)
  const { signatureInput, signature } = await signer.sign(httpProfile, {
    '@method': 'POST',
    '@target-uri': url,
    'content-type': contentType,
    'content-digest': digest,
  })
  return { ...headers, 'content-digest': digest, 'signature-input': signatureInput, signature }
}

/** Far more than any answer has: a page of a hundred keys with their certificates, or a thousand management keys. */
const answerBytesMax = 64 * 1024 * 1024

/** Reads the whole answer, so that the time-out covers it too. An answer that is not JSON is not from a key server. */
async function readAnswer(response: Response): Promise<Attempt> {
  const contentType = response.headers.get('content-type') ?? ''
  if (!/^application\/(graphql-response\+)?json\b/.test(contentType)) {
    await response.body?.cancel()
    const detail = `Something else answered, with status ${String(response.status)}.`
    return { error: new VaultError('NETWORK', { detail }) }
  }
  const bytes = await readBoundedBody(response.body, answerBytesMax)
  if (bytes === null) return { error: new VaultError('ANSWER_MALFORMED', { detail: 'It is too large.' }) }
  const text = new TextDecoder().decode(bytes)
  const { status } = response
  const copy = new Response(text, { status, headers: { 'content-type': 'application/json' } })
  const retryAfter = status === 429 ? (response.headers.get('retry-after') ?? '') : ''
  return {
    response: copy,
    refusal: response.ok ? {} : refusedSignatureOf(text),
    // Without a wait, a server that always limits would be asked for ever.
    retryAfterMs: /^[1-9]\d{0,5}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : null,
  }
}

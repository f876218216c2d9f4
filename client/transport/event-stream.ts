import { VaultError } from '../errors.ts'
import { readBoundedBody } from './bounded-body.ts'
import { httpEndpoint } from './endpoint.ts'
import { networkFailure } from './network-failure.ts'
import { ResponseReader } from './response-reader.ts'
import { toKeyServerError } from './server-error.ts'
import { EventReader } from './server-sent-events.ts'
import { signedHeaders } from './signing-fetch.ts'
import type { OpenSubscription, SubscriptionEndpoint } from './subscription.ts'

/** Bounds of one connection. */
const bounds = {
  /** From the start of connecting to the first byte of the stream. The server sends a comment at once. */
  connectMs: 15_000,
  /** The server sends a comment every 12 seconds. */
  silenceMs: 30_000,
  refusalBytesMax: 64 * 1024,
}

/**
 * Subscribes by a signed POST whose answer is a stream of server-sent events; ends the queue when it is over.
 *
 * @returns a function that ends the request.
 */
export function openEventStream<T>(
  endpoint: SubscriptionEndpoint,
  { queue, ...asked }: OpenSubscription<T>,
): () => void {
  const ended = new AbortController()
  let isOver = false
  const finish = (error: Error | null) => {
    if (isOver) return
    isOver = true
    queue.end(error)
    clearTimeout(timer)
    ended.abort()
  }
  const onSilence = () => {
    finish(new VaultError('TIMEOUT'))
  }
  let timer = setTimeout(onSilence, bounds.connectMs)
  const onBytes = () => {
    clearTimeout(timer)
    if (!isOver) timer = setTimeout(onSilence, bounds.silenceMs)
  }
  receive(endpoint, { ...asked, queue, onBytes, signal: ended.signal }).then(
    () => {
      finish(null)
    },
    (error: unknown) => {
      finish(error instanceof Error ? error : new VaultError('ANSWER_MALFORMED'))
    },
  )
  return () => {
    finish(null)
  }
}

async function receive<T>(
  { url, signer, fetch = globalThis.fetch }: SubscriptionEndpoint,
  {
    document,
    variables,
    parse,
    queue,
    onConnected,
    onBytes,
    signal,
  }: OpenSubscription<T> & { readonly onBytes: () => void; readonly signal: AbortSignal },
): Promise<void> {
  const target = httpEndpoint(url)
  const body = new TextEncoder().encode(JSON.stringify({ query: document, variables }))
  const headers = await signedHeaders({ url: target, body, accept: 'text/event-stream' }, signer)
  let response: Response
  try {
    response = await fetch(target, {
      method: 'POST',
      headers,
      body,
      signal,
      redirect: 'error',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
    })
  } catch (cause) {
    throw networkFailure(cause, { url })
  }
  if (!/^text\/event-stream\b/.test(response.headers.get('content-type') ?? ''))
    throw await refusalIn(response)
  if (response.body === null) throw new VaultError('NETWORK')
  const events = new EventReader()
  let isConnected = false
  for await (const chunk of chunksOf(response.body)) {
    onBytes()
    for (const { type, data } of events.read(chunk)) {
      if (type === 'complete') return
      if (type !== 'next') continue
      const { data: result, errors } = resultOf(data)
      if (Array.isArray(errors)) throw toKeyServerError(errors[0])
      if (!queue.push(parse(new ResponseReader(result)))) return
    }
    // After the chunk's events: a refusal comes with the first one, and is no connection.
    if (!isConnected && response.ok) onConnected()
    isConnected = true
  }
  throw new VaultError('NETWORK', { detail: 'The event stream was cut off.' })
}

/** Safari's streams are no async iterables. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } catch (cause) {
    throw new VaultError('NETWORK', { detail: 'The event stream was cut off.', cause })
  } finally {
    void reader.cancel().catch(() => undefined)
  }
}

/** The answer in place of a stream: a refusal of the key server, or something else of another. */
async function refusalIn(response: Response): Promise<Error> {
  const isJson = /^application\/(graphql-response\+)?json\b/.test(response.headers.get('content-type') ?? '')
  const bytes = isJson ? await readBoundedBody(response.body, bounds.refusalBytesMax) : null
  if (bytes === null) {
    await response.body?.cancel()
    const detail = `Something else answered, with status ${String(response.status)}.`
    return new VaultError('NETWORK', { detail })
  }
  const { errors } = resultOf(new TextDecoder().decode(bytes))
  if (!Array.isArray(errors)) return new VaultError('NETWORK', { detail: 'No event stream was answered.' })
  return toKeyServerError(errors[0])
}

function resultOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value))
  } catch {
    // Not the parser's words: they quote what was received.
  }
  throw new VaultError('ANSWER_MALFORMED')
}

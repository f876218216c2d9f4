import type { Caller } from '../authenticate.ts'
import type { Verifier } from '../create-verifier.ts'
import { answerOf, refuse, type Refusal } from '../refusal.ts'
import { drain, readNodeStream, type NodeStream } from './node-stream.ts'

/** As much of an `http.IncomingMessage` as is needed. */
export interface NodeRequest extends NodeStream {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Express: the URL before routers took something off it. */
  readonly originalUrl?: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** As much of an `http.ServerResponse` as is needed. */
export interface NodeResponse {
  readonly headersSent?: boolean
  writeHead(status: number, headers: Record<string, string>): unknown
  end(body: string): unknown
}

/** What a request has after the middleware. */
export interface AuthenticatedParts {
  readonly claviger: Caller
  /** The body as it came. */
  readonly rawBody: Uint8Array
  /** The body read by its type: JSON parsed, text decoded, otherwise `rawBody`. Undefined: there is none, or it is no JSON. */
  readonly body: unknown
}

/**
 * An `(request, response, next)` function: it calls `next`, or it answers. It rejects with what `next` throws, and with nothing
 * else.
 */
export type NodeMiddleware = (
  request: NodeRequest,
  response: NodeResponse,
  next: () => unknown,
) => Promise<void>

/**
 * Middleware for `node:http`, Express and Connect. It goes before anything that reads bodies, once: it reads the body itself,
 * and puts `claviger`, `rawBody` and `body` on the request. `next` is called for signed requests only, and never with an error.
 *
 * When a body parser must run before, it has to keep the bytes in `request.rawBody`.
 */
export function nodeMiddleware(verifier: Verifier): NodeMiddleware {
  return async (request, response, next) => {
    const received = await receive(verifier, request)
    if (received === null) return
    if ('refusal' in received) {
      if (received.isUnread) drain(request)
      // The application has not waited for it, for a time-out of its own.
      if (response.headersSent === true) return
      const { status, headers, body } = answerOf(received.refusal)
      response.writeHead(status, {
        ...headers,
        'content-length': String(new TextEncoder().encode(body).length),
        ...(received.isUnread && { connection: 'close' }),
      })
      response.end(body)
      return
    }
    Object.assign(request, partsOf(request, received))
    next()
  }
}

/** The request with what the middleware has put on it. @throws {TypeError} when it has not run. */
export function authenticated<Request extends object>(request: Request): Request & AuthenticatedParts {
  if (hasParts(request)) return request
  throw notLetIn()
}

/** Who sent a request of `node:http`, Express or Fastify. @throws {TypeError} when the middleware or plugin has not run. */
export function callerOf(request: object): Caller {
  if (hasCaller(request)) return request.claviger
  throw notLetIn()
}

function notLetIn(): TypeError {
  return new TypeError('The middleware has not let this request in.')
}

type Received =
  | { readonly caller: Caller; readonly rawBody: Uint8Array<ArrayBuffer> }
  | { readonly refusal: Refusal; readonly isUnread: boolean }

/** Null: the client is gone. */
async function receive(verifier: Verifier, request: NodeRequest): Promise<Received | null> {
  const { bodyBytesMax: bytesMax, bodyTimeoutMs: timeoutMs } = verifier
  const announced = Number(request.headers['content-length'] ?? 0)
  const rawBody =
    keptBody(request) ??
    (announced > bytesMax ? 'too-large' : await readNodeStream(request, { bytesMax, timeoutMs }))
  if (rawBody === 'broken') return null
  if (rawBody === 'too-large') return { refusal: refuse('TOO_LARGE'), isUnread: true }
  if (rawBody === 'late') return { refusal: refuse('BODY_TIMEOUT'), isUnread: true }
  if (rawBody === 'read-before') {
    const message = 'Something has read the body before it was checked.'
    return { refusal: refuse('INTERNAL_SERVER_ERROR', { message }), isUnread: false }
  }
  const authentication = await verifier.authenticate({
    method: request.method ?? '',
    target: request.originalUrl ?? request.url ?? '',
    header: (name) => single(request.headers[name]),
    body: rawBody,
  })
  if ('refusal' in authentication) return { refusal: authentication.refusal, isUnread: false }
  return { caller: authentication.caller, rawBody }
}

function keptBody(request: object): Uint8Array<ArrayBuffer> | null {
  const kept = 'rawBody' in request ? request.rawBody : null
  return kept instanceof Uint8Array ? Uint8Array.from(kept) : null
}

function partsOf(
  request: NodeRequest,
  { caller, rawBody }: { readonly caller: Caller; readonly rawBody: Uint8Array },
): AuthenticatedParts {
  const contentType = single(request.headers['content-type']) ?? ''
  const body = rawBody.length === 0 ? undefined : (parsedBefore(request) ?? parseBody(rawBody, contentType))
  return { claviger: caller, rawBody, body }
}

/** What a body parser of the application made of it. Express 4 leaves an empty object where none of them has parsed. */
function parsedBefore(request: object): unknown {
  const body = 'body' in request ? request.body : undefined
  const isEmptyObject = typeof body === 'object' && body !== null && Object.keys(body).length === 0
  return isEmptyObject && !('_body' in request) ? undefined : body
}

function parseBody(bytes: Uint8Array, contentType: string): unknown {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type.startsWith('text/')) return new TextDecoder().decode(bytes)
  if (type !== 'application/json' && !type.endsWith('+json')) return bytes
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}

function hasParts<Request extends object>(request: Request): request is Request & AuthenticatedParts {
  return hasCaller(request) && 'rawBody' in request
}

function hasCaller(request: object): request is { readonly claviger: Caller } {
  return 'claviger' in request && request.claviger !== null
}

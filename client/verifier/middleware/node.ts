import type { Caller } from '../authenticate.ts'
import type { Verifier } from '../create-verifier.ts'
import { responseOf, refuse, type Refusal } from '../refusal.ts'
import { drain, readNodeStream, type NodeStream } from './node-stream.ts'

/** The members of an `http.IncomingMessage` that are used. */
export interface NodeRequest extends NodeStream {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Express: the URL before routers removed their prefix. */
  readonly originalUrl?: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** The members of an `http.ServerResponse` that are used. */
export interface NodeResponse {
  readonly headersSent?: boolean
  writeHead(status: number, headers: Record<string, string>): unknown
  end(body: string): unknown
}

/** The members that the middleware adds to a request. */
export interface AuthenticatedParts {
  readonly claviger: Caller
  /** The body as received. */
  readonly rawBody: Uint8Array
  /** The body by its type: JSON parsed, text decoded, otherwise `rawBody`. Undefined: it is empty, or invalid JSON. */
  readonly body: unknown
}

/**
 * A function `(request, response, next)`: it calls `next`, or sends a response. It rejects with what `next` throws, and with
 * nothing else.
 */
export type NodeMiddleware = (
  request: NodeRequest,
  response: NodeResponse,
  next: () => unknown,
) => Promise<void>

/**
 * Middleware for `node:http`, Express and Connect. Install it once, before anything that reads bodies: it reads the body
 * itself, and sets `claviger`, `rawBody` and `body` on the request. It calls `next` for signed requests only, and never with
 * an error.
 *
 * A body parser that must run before it has to keep the bytes in `request.rawBody`.
 */
export function nodeMiddleware(verifier: Verifier): NodeMiddleware {
  return async (request, response, next) => {
    const received = await receive(verifier, request)
    if (received === null) return
    if ('refusal' in received) {
      if (received.isUnread) drain(request)
      // The application has responded meanwhile, e.g. after a time-out of its own.
      if (response.headersSent === true) return
      const { status, headers, body } = responseOf(received.refusal)
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

/** The request with the members that the middleware set. @throws {TypeError} when it has not run. */
export function authenticated<Request extends object>(request: Request): Request & AuthenticatedParts {
  if (hasParts(request)) return request
  throw notAuthenticated()
}

/**
 * The caller of a request of `node:http`, Express or Fastify.
 *
 * @throws {TypeError} when the middleware or plugin has not run.
 */
export function callerOf(request: object): Caller {
  if (hasCaller(request)) return request.claviger
  throw notAuthenticated()
}

function notAuthenticated(): TypeError {
  return new TypeError('The middleware has not authenticated this request.')
}

type Received =
  | { readonly caller: Caller; readonly rawBody: Uint8Array<ArrayBuffer> }
  | { readonly refusal: Refusal; readonly isUnread: boolean }

/** Null: the client disconnected. */
async function receive(verifier: Verifier, request: NodeRequest): Promise<Received | null> {
  const { bodyBytesMax: bytesMax, bodyTimeoutMs: timeoutMs } = verifier
  const announced = Number(request.headers['content-length'] ?? 0)
  const rawBody =
    keptBody(request) ??
    (announced > bytesMax ? 'too-large' : await readNodeStream(request, { bytesMax, timeoutMs }))
  if (rawBody === 'broken') return null
  if (rawBody === 'too-large') return { refusal: refuse('TOO_LARGE'), isUnread: true }
  if (rawBody === 'timeout') return { refusal: refuse('BODY_TIMEOUT'), isUnread: true }
  if (rawBody === 'read-before') {
    const message = 'Other code has read the body before the check.'
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

/** The result of a body parser of the application. Express 4 sets an empty object when none has parsed. */
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

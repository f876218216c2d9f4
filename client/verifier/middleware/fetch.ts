import { readBoundedBody } from '../../transport/bounded-body.ts'
import type { Authentication, Caller } from '../authenticate.ts'
import type { Verifier } from '../create-verifier.ts'
import { withTimeout } from '../with-timeout.ts'
import { responseOf, refuse, type Refusal } from '../refusal.ts'

/** A handler that gets the caller. Further arguments are those of the runtime. */
export type AuthenticatedHandler<Rest extends readonly unknown[]> = (
  request: Request,
  caller: Caller,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * A Fetch API handler (Deno, Bun, workers, Hono, Next.js routes) that calls `handler` for signed requests only. The handler
 * gets a new request, whose body is still unread.
 */
export function protectHandler<Rest extends readonly unknown[]>(
  verifier: Verifier,
  handler: AuthenticatedHandler<Rest>,
): (request: Request, ...rest: Rest) => Promise<Response> {
  return async (request, ...rest) => {
    const received = await authenticateFetch(verifier, request)
    if ('refusal' in received) return refusalResponse(received.refusal)
    const { method, url, signal } = request
    const { caller, body } = received
    const headers = [...request.headers]
    const copy = new Request(url, { method, headers, signal, ...(body.length > 0 && { body }) })
    return handler(copy, caller, ...rest)
  }
}

/** Reads and authenticates a Fetch API request. Its body is consumed, and returned as `body`. */
export async function authenticateFetch(
  verifier: Verifier,
  request: Request,
): Promise<Authentication & { readonly body: Uint8Array<ArrayBuffer> }> {
  const refused = (refusal: Refusal) => ({ refusal, body: new Uint8Array() })
  if (request.bodyUsed) return refused(refuse('INTERNAL_SERVER_ERROR'))
  const body = await readBody(request, verifier)
  if (typeof body === 'string') return refused(refuse(body))
  const authentication = await verifier.authenticate({
    method: request.method,
    target: targetOf(request.url),
    header: (name) => request.headers.get(name) ?? undefined,
    body,
  })
  return { ...authentication, body }
}

async function readBody(
  { body }: Request,
  { bodyBytesMax, bodyTimeoutMs }: Verifier,
): Promise<Uint8Array<ArrayBuffer> | 'BODY_TIMEOUT' | 'TOO_LARGE'> {
  const stopped = new AbortController()
  try {
    const bytes = await withTimeout(
      readBoundedBody(body, bodyBytesMax, { signal: stopped.signal }),
      bodyTimeoutMs,
    )
    if (bytes !== 'timeout') return bytes ?? 'TOO_LARGE'
  } catch {
    // The client disconnected: the response reaches nobody.
  }
  stopped.abort()
  return 'BODY_TIMEOUT'
}

/** Path and query as sent. `URL.search` would drop the question mark of an empty query. */
function targetOf(address: string): string {
  const { origin, hash, href } = new URL(address)
  return href.slice(origin.length, href.length - hash.length)
}

/** The response to a refused request. */
export function refusalResponse(refusal: Refusal): Response {
  const { status, headers, body } = responseOf(refusal)
  return new Response(body, { status, headers })
}

import { readBoundedBody } from '../../app-signing/bounded-body.ts'
import type { Authentication, Caller } from '../authenticate.ts'
import type { Verifier } from '../create-verifier.ts'
import { answerOf, refuse, type Refusal } from '../refusal.ts'
import { inTime } from './in-time.ts'

/** A handler that knows who asks. Further arguments are those that the runtime gave. */
export type AuthenticatedHandler<Rest extends readonly unknown[]> = (
  request: Request,
  caller: Caller,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * A Fetch-API handler (Deno, Bun, workers, Hono, Next.js routes) that calls `handler` for signed requests only. The handler
 * gets a request of its own, whose body is there to be read.
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

/** Reads and authenticates a Fetch-API request. Its own body is used up; `body` has it. */
export async function authenticateFetch(
  verifier: Verifier,
  request: Request,
): Promise<Authentication & { readonly body: Uint8Array<ArrayBuffer> }> {
  const refused = (refusal: Refusal) => ({ refusal, body: new Uint8Array() })
  if (request.bodyUsed) return refused(refuse('INTERNAL_SERVER_ERROR'))
  const body = await inTime(readBoundedBody(request.body, verifier.bodyBytesMax), verifier.bodyTimeoutMs)
  if (body === 'late') return refused(refuse('BODY_TIMEOUT'))
  if (body === null) return refused(refuse('TOO_LARGE'))
  const { pathname, search } = new URL(request.url)
  const authentication = await verifier.authenticate({
    method: request.method,
    target: `${pathname}${search}`,
    header: (name) => request.headers.get(name) ?? undefined,
    body,
  })
  return { ...authentication, body }
}

/** The answer to a request that is not let in. */
export function refusalResponse(refusal: Refusal): Response {
  const { status, headers, body } = answerOf(refusal)
  return new Response(body, { status, headers })
}

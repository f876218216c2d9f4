import type { Caller } from '../authenticate.ts'
import type { Verifier } from '../create-verifier.ts'
import { answerOf } from '../refusal.ts'
import { authenticateFetch } from './fetch.ts'

/** As much of graphql-yoga's plugin as is needed; it is one without being imported from there. */
export interface YogaPlugin {
  onRequest(payload: {
    readonly request: Request
    readonly fetchAPI: { readonly Request: typeof Request; readonly Response: typeof Response }
    readonly setRequest: (request: Request) => void
    readonly endResponse: (response: Response) => void
  }): Promise<void>
  onContextBuilding(payload: {
    readonly context: { readonly request?: Request }
    readonly extendContext: (extension: { claviger: Caller }) => void
  }): void
}

/**
 * A plugin for graphql-yoga: every request must be signed, and resolvers find its caller in `context.claviger`. It goes
 * first among the plugins. GraphiQL and WebSockets are not signed: serve the one elsewhere, if at all, and not the other.
 */
export function yogaPlugin(verifier: Verifier): YogaPlugin {
  const callers = new WeakMap<Request, Caller>()
  return {
    onRequest: async ({ request, fetchAPI, setRequest, endResponse }) => {
      const received = await authenticateFetch(verifier, request)
      if ('refusal' in received) {
        const { status, headers, body } = answerOf(received.refusal)
        endResponse(new fetchAPI.Response(body, { status, headers }))
        return
      }
      const { method, url, headers, signal } = request
      const { body, caller } = received
      const copy = new fetchAPI.Request(url, { method, headers, signal, ...(body.length > 0 && { body }) })
      callers.set(copy, caller)
      setRequest(copy)
    },
    onContextBuilding: ({ context, extendContext }) => {
      const caller = context.request === undefined ? undefined : callers.get(context.request)
      // Nothing gets here but through onRequest, or by a mistake in the order of plugins.
      if (caller === undefined) throw new TypeError('A request came by without being checked.')
      extendContext({ claviger: caller })
    },
  }
}

import type { Caller } from '../authenticate.ts'
import type { Verifier } from '../create-verifier.ts'
import { responseOf } from '../refusal.ts'
import { authenticateFetch } from './fetch.ts'

/** The members of a graphql-yoga plugin that are used, declared here so that graphql-yoga is no dependency. */
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
 * A plugin for graphql-yoga: every request must be signed, and resolvers find its caller in `context.claviger`. Install it
 * as the first plugin. Requests of GraphiQL and WebSockets are not signed: serve GraphiQL elsewhere, and no WebSockets.
 */
export function yogaPlugin(verifier: Verifier): YogaPlugin {
  const callers = new WeakMap<Request, Caller>()
  return {
    onRequest: async ({ request, fetchAPI, setRequest, endResponse }) => {
      const received = await authenticateFetch(verifier, request)
      if ('refusal' in received) {
        const { status, headers, body } = responseOf(received.refusal)
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
      // Only a wrong order of plugins brings a request here that onRequest has not checked.
      if (caller === undefined) throw new TypeError('The plugin has not authenticated this request.')
      extendContext({ claviger: caller })
    },
  }
}

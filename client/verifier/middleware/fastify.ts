import type { Caller } from '../authenticate.ts'
import type { Verifier } from '../create-verifier.ts'
import { responseOf, refuse, type RefusalCode } from '../refusal.ts'
import { readNodeStream, type NodeStream, type StreamedBody } from './node-stream.ts'

/** The members of a Fastify request that are used. */
export interface FastifyRequest {
  readonly method: string
  /** The URL as sent, before `rewriteUrl`. */
  readonly originalUrl: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** The members of a Fastify reply that are used. */
export interface FastifyReply {
  code(status: number): unknown
  headers(headers: Record<string, string>): unknown
  send(payload: string): unknown
}

/** The members of a Fastify instance that are used. */
export interface FastifyInstance {
  decorateRequest(name: string, value: null): unknown
  addHook(
    name: 'preParsing',
    hook: (request: FastifyRequest, reply: FastifyReply, payload: NodeStream) => Promise<unknown>,
  ): unknown
}

/** The class `Readable` of `node:stream`, which is not imported here because this package also runs elsewhere. */
export type ReadableClass = new (options: { read: () => void }) => {
  push(chunk: Uint8Array | null): unknown
}

/**
 * A plugin for Fastify 4 and 5: all routes of the instance that registers it accept signed requests only, and find the
 * caller in `request.claviger`. Fastify parses the bodies as usual, after the check.
 */
export function fastifyPlugin(
  verifier: Verifier,
  { Readable }: { readonly Readable: ReadableClass },
): (fastify: FastifyInstance) => Promise<void> {
  const plugin = async (fastify: FastifyInstance) => {
    fastify.decorateRequest('claviger', null)
    fastify.addHook('preParsing', async (request, reply, payload) => {
      const received = await receive(verifier, { request, payload })
      if ('code' in received) {
        const { status, headers, body } = responseOf(received)
        reply.code(status)
        reply.headers({ ...headers, ...(status !== 401 && { connection: 'close' }) })
        reply.send(body)
        // A hook that has sent the reply returns it.
        return reply
      }
      Object.assign(request, { claviger: received.caller })
      return streamOf(received.body, Readable)
    })
  }
  // Without it the hook would apply to this plugin's own routes only (fastify-plugin does the same).
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true })
}

async function receive(
  verifier: Verifier,
  { request, payload }: { readonly request: FastifyRequest; readonly payload: NodeStream },
): Promise<ReturnType<typeof refuse> | { readonly caller: Caller; readonly body: Uint8Array }> {
  const body = await readNodeStream(payload, {
    bytesMax: verifier.bodyBytesMax,
    timeoutMs: verifier.bodyTimeoutMs,
  })
  if (typeof body === 'string') return refuse(bodyRefusals[body])
  const authentication = await verifier.authenticate({
    method: request.method,
    target: request.originalUrl,
    header: (name) => single(request.headers[name]),
    body,
  })
  return 'refusal' in authentication ? authentication.refusal : { caller: authentication.caller, body }
}

/** A stream of bytes, not of objects, because Fastify sets its encoding. */
function streamOf(body: Uint8Array, Readable: ReadableClass): object {
  const stream = new Readable({ read: () => undefined })
  if (body.length > 0) stream.push(body)
  stream.push(null)
  return Object.assign(stream, { receivedEncodedLength: body.length })
}

const bodyRefusals = {
  'too-large': 'TOO_LARGE',
  timeout: 'BODY_TIMEOUT',
  broken: 'BODY_TIMEOUT',
  'read-before': 'INTERNAL_SERVER_ERROR',
} as const satisfies Record<Extract<StreamedBody, string>, RefusalCode>

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}

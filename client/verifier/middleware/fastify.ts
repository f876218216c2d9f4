import type { Caller } from '../authenticate.ts'
import type { Verifier } from '../create-verifier.ts'
import { answerOf, refuse, type RefusalCode } from '../refusal.ts'
import { readNodeStream, type NodeStream, type StreamedBody } from './node-stream.ts'

/** As much of a Fastify request as is needed. */
export interface FastifyRequest {
  readonly method: string
  /** As it was sent, whatever `rewriteUrl` made of it. */
  readonly originalUrl: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** As much of a Fastify reply as is needed. */
export interface FastifyReply {
  code(status: number): unknown
  headers(headers: Record<string, string>): unknown
  send(payload: string): unknown
}

/** As much of a Fastify instance as is needed. */
export interface FastifyInstance {
  decorateRequest(name: string, value: null): unknown
  addHook(
    name: 'preParsing',
    hook: (request: FastifyRequest, reply: FastifyReply, payload: NodeStream) => Promise<unknown>,
  ): unknown
}

/** The class `Readable` of `node:stream`, which this package does not import because it runs in other places too. */
export type ReadableClass = new (options: { read: () => void }) => {
  push(chunk: Uint8Array | null): unknown
}

/**
 * A plugin for Fastify 4 and 5: all routes of the instance that registers it are for signed requests only, and find the caller
 * in `request.claviger`. Bodies are parsed by Fastify as ever, after the check.
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
        const { status, headers, body } = answerOf(received)
        reply.code(status)
        reply.headers({ ...headers, ...(status !== 401 && { connection: 'close' }) })
        reply.send(body)
        // A hook that has answered returns the reply.
        return reply
      }
      Object.assign(request, { claviger: received.caller })
      return streamOf(received.body, Readable)
    })
  }
  // Without it, the hook would hold for nothing but this plugin's own routes (fastify-plugin does the same).
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

/** A stream of bytes, not of objects: Fastify has it decode text. */
function streamOf(body: Uint8Array, Readable: ReadableClass): object {
  const stream = new Readable({ read: () => undefined })
  if (body.length > 0) stream.push(body)
  stream.push(null)
  return Object.assign(stream, { receivedEncodedLength: body.length })
}

const bodyRefusals = {
  'too-large': 'TOO_LARGE',
  late: 'BODY_TIMEOUT',
  broken: 'BODY_TIMEOUT',
  'read-before': 'INTERNAL_SERVER_ERROR',
} as const satisfies Record<Extract<StreamedBody, string>, RefusalCode>

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}

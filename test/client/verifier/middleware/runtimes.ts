import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyInstance } from '../../../../client/verifier/middleware/fastify.ts'

/* Stand-ins for the runtimes of application servers that are not among the project's packages. */

export type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

/** A bridge from node:http to a Fetch handler, as runtimes have one. */
export async function serveFetch(
  handler: (request: Request) => Promise<Response>,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const { method = 'GET', url = '/' } = request
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as [string, string]] : [],
  )
  const init = {
    method,
    headers,
    ...(hasBody && { body: Readable.toWeb(request), duplex: 'half' }),
  } as RequestInit
  const answer = await handler(new Request(`http://${request.headers.host ?? 'x'}${url}`, init))
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  response.end(await answer.text())
}

interface HookedRequest {
  claviger?: { owner: string; key: { thumbprint: string } } | null
}

/**
 * The contract of Fastify's preParsing hook, and nothing else of it: the hook gets request, reply and payload; it returns
 * the payload to parse, with `receivedEncodedLength`, or the reply when it has answered. The result is then read as
 * Fastify's own JSON parser does, decoded by the stream, and its length is compared with Content-Length.
 */
export function fakeFastify(handler: (request: HookedRequest, body: unknown) => Promise<object>): {
  instance: FastifyInstance
  listener: Listener
} {
  let hook: Parameters<FastifyInstance['addHook']>[1] = async (_request, _reply, payload) => payload
  return {
    instance: {
      decorateRequest: () => undefined,
      addHook: (_name, added) => {
        hook = added
      },
    },
    listener: (raw, response) => {
      const request: HookedRequest & Parameters<typeof hook>[0] = {
        claviger: null,
        method: raw.method ?? '',
        originalUrl: raw.url ?? '',
        headers: raw.headers,
      }
      const reply = {
        code: (status: number) => (response.statusCode = status),
        headers: (headers: Record<string, string>) => {
          for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
        },
        send: (payload: string) => response.end(payload),
      }
      void hook(request, reply, raw).then(async (payload) => {
        if (payload === reply) return
        if (!(payload instanceof Readable)) throw new TypeError('A preParsing hook returns a stream.')
        const bytes = await readLikeFastify(payload)
        const announced = Number(raw.headers['content-length'] ?? Number.NaN)
        const length: unknown =
          'receivedEncodedLength' in payload ? payload.receivedEncodedLength : bytes.length
        if (!Number.isNaN(announced) && length !== announced)
          throw new RangeError('FST_ERR_CTP_INVALID_CONTENT_LENGTH')
        const body: unknown = bytes.length > 0 ? JSON.parse(bytes.toString()) : undefined
        response.end(JSON.stringify(await handler(request, body)))
      })
    },
  }
}

async function readLikeFastify(payload: Readable): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  let text = ''
  payload.setEncoding('utf8')
  payload.on('data', (chunk: string) => {
    text += chunk
  })
  payload.on('end', () => {
    resolve(Buffer.from(text))
  })
  payload.on('error', reject)
  payload.resume()
  return promise
}

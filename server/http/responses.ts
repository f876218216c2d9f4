import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ExecutionResult, GraphQLError } from 'graphql'

/** Headers of every answer of the API: an answer may hold a wrapped key, which no cache may keep. */
export function setCommonHeaders(response: ServerResponse): void {
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('X-Content-Type-Options', 'nosniff')
}

/** Answers with one GraphQL error, in the media type that the client asked for (GraphQL over HTTP). */
export function sendError(request: IncomingMessage, response: ServerResponse, error: GraphQLError): void {
  const { http, ...extensions } = error.extensions
  const isCurrent = request.headers.accept?.includes('application/graphql-response+json') ?? false
  const body = JSON.stringify({ errors: [{ message: error.message, extensions }] })
  // The unread rest of the request is not worth reading.
  if (!request.complete) response.setHeader('Connection', 'close')
  const { retryAfterSeconds } = extensions
  if (typeof retryAfterSeconds === 'number') response.setHeader('Retry-After', retryAfterSeconds)
  response
    .writeHead(statusOf(http), {
      'Content-Type': `${isCurrent ? 'application/graphql-response+json' : 'application/json'}; charset=utf-8`,
    })
    .end(body)
}

/** By the header Accept as clients send it, the media type of a result (GraphQL over HTTP). */
const resultMediaTypes: ReadonlyMap<string | undefined, string> = new Map([
  [undefined, 'application/json'],
  ['*/*', 'application/json'],
  ['application/json', 'application/json'],
  ['application/graphql-response+json', 'application/graphql-response+json'],
  // Our own client's.
  ['application/graphql-response+json, application/json', 'application/graphql-response+json'],
])

/** The media type in which a client takes a result; null when its wish takes more than a look. */
export function resultMediaType({ headers }: IncomingMessage): string | null {
  return resultMediaTypes.get(headers.accept) ?? null
}

/** Answers with the result of an execution without errors. */
export function sendResult(response: ServerResponse, { data }: ExecutionResult, mediaType: string): void {
  const body = JSON.stringify({ data })
  const bytes = Buffer.byteLength(body)
  response
    .writeHead(200, { 'Content-Type': `${mediaType}; charset=utf-8`, 'Content-Length': bytes })
    // Most results are in ASCII, which is written without being encoded.
    .end(body, bytes === body.length ? 'latin1' : 'utf8')
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' })
    .end(`${JSON.stringify(body)}\n`)
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
}

function statusOf(http: unknown): number {
  return typeof http === 'object' && http !== null && 'status' in http && typeof http.status === 'number'
    ? http.status
    : 400
}

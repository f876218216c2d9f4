import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GraphQLError } from 'graphql'

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
  // What was not read of the request is not worth reading.
  if (!request.complete) response.setHeader('Connection', 'close')
  const { retryAfterSeconds } = extensions
  if (typeof retryAfterSeconds === 'number') response.setHeader('Retry-After', retryAfterSeconds)
  response
    .writeHead(statusOf(http), {
      'Content-Type': `${isCurrent ? 'application/graphql-response+json' : 'application/json'}; charset=utf-8`,
    })
    .end(body)
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
}

function statusOf(http: unknown): number {
  return typeof http === 'object' && http !== null && 'status' in http && typeof http.status === 'number'
    ? http.status
    : 400
}

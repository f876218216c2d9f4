import type { IncomingMessage, ServerResponse } from 'node:http'
import { badInput, KeyServerError } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { Authenticator } from '../auth/signed-request.ts'
import type { ReceivedSignature } from '../auth/signature-verifier.ts'
import type { GraphQLEngine, GraphQLParams, TransportContext } from '../graphql/engine.ts'
import { createErrorMask } from '../graphql/errors.ts'
import type { Logger } from '../lib/log.ts'
import { readBody } from './body.ts'
import type { ClientAddressReader } from './client-address.ts'
import type { OriginPolicy } from './origins.ts'
import { resultMediaType, sendError, sendResult, sendText } from './responses.ts'
import { readSignature, receiveSignature } from './signature.ts'
import type { WaitingBytes } from './waiting-bytes.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

export interface GraphQLEndpointOptions {
  readonly engine: GraphQLEngine
  readonly authenticator: Authenticator
  readonly clientAddressOf: ClientAddressReader
  /** The origins that clients may sign as the target. */
  readonly origins: () => readonly string[]
  readonly originPolicy: () => OriginPolicy
  /** Where a browser that opens the endpoint is sent; null when there is no console. */
  readonly explorerPath: string | null
  readonly waitingBytes: WaitingBytes
  readonly log: Logger
}

/**
 * The endpoint /graphql: parses the signature, reads a bounded body once, checks its digest, and passes the parsed body to
 * the engine.
 */
export function createGraphQLEndpoint(options: GraphQLEndpointOptions): Handler {
  const { engine, authenticator, explorerPath, log } = options
  const maskError = createErrorMask(log)
  return async (request, response) => {
    const mayCall = allowOrigin(request, response, options.originPolicy())
    const { host } = request.headers
    hideUrl(request)
    if (request.method === 'OPTIONS') {
      answerPreflight(response)
    } else if (explorerPath !== null && isVisit(request)) {
      response.writeHead(303, { Location: explorerPath }).end()
    } else if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST, OPTIONS')
      sendText(response, 405, 'GraphQL requests are POSTs.')
    } else {
      try {
        if (!mayCall)
          throw new KeyServerError('FORBIDDEN', 'Pages of this origin may not call (ALLOWED_ORIGINS).')
        const { received, params, bodyBytes } = await readRequest(request, {
          host,
          origins: options.origins(),
          // Until the response is closed.
          onBytes: (bytes) => {
            options.waitingBytes.hold(response, bytes, () => request.destroy())
          },
        })
        const onStream = () => {
          options.waitingBytes.release(response)
          // nginx and others hold an answer back until it is whole, unless told not to.
          response.setHeader('X-Accel-Buffering', 'no')
        }
        const clientAddress = options.clientAddressOf(request)
        const transport: TransportContext = {
          signedRequest: authenticator.request(received, clientAddress, bodyBytes),
          params,
          clientAddress,
          onStream,
        }
        const mediaType = resultMediaType(request)
        const result = mediaType === null ? null : await engine.executeKnown(transport)
        if (mediaType === null || result === null) await engine(request, response, transport)
        // Yoga makes status and headers of errors.
        else if (result.errors !== undefined) await engine(request, response, { ...transport, result })
        else sendResult(response, result, mediaType)
      } catch (error) {
        // A client that has gone is answered nothing, and is no fault of the database.
        if (response.headersSent || request.errored !== null) response.destroy()
        else sendError(request, response, maskError(error))
      }
    }
  }
}

/** Whether a person has opened the address in a browser. */
function isVisit({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && (headers.accept?.includes('text/html') ?? false)
}

/**
 * The engine makes a URL of the Host header and the target, and fails when they do not form one. The route is already known,
 * and nothing that follows depends on either.
 */
function hideUrl(request: IncomingMessage): void {
  request.headers.host = 'localhost'
  request.url = '/graphql'
}

async function readRequest(
  request: IncomingMessage,
  {
    onBytes,
    ...target
  }: {
    readonly host: string | undefined
    readonly origins: readonly string[]
    readonly onBytes: (bytes: number) => void
  },
): Promise<{ received: ReceivedSignature | null; params: GraphQLParams; bodyBytes: number }> {
  const { headers } = request
  const mediaType = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') throw unsupported('The Content-Type is application/json.')
  if (headers['content-encoding'] !== undefined) throw unsupported('A body has no Content-Encoding.')
  const signed = readSignature(headers)
  const bytesMax = signed === null ? limits.unsignedBodyBytesMax : limits.signedBodyBytesMax
  const body = await readBody(request, { bytesMax, onBytes })
  const contentType = headers['content-type'] ?? ''
  const received = receiveSignature(signed, { body, contentType, ...target })
  return { received, params: parseParams(body), bodyBytes: body.byteLength }
}

const decoder = new TextDecoder('utf-8', { fatal: true })

function parseParams(body: Uint8Array): GraphQLParams {
  let params: unknown
  try {
    params = JSON.parse(decoder.decode(body))
  } catch {
    // Without the parser's words: they quote the body.
    throw badInput('body', 'The body is JSON in UTF-8.')
  }
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    throw badInput('body', 'The body is a JSON object with the member "query".')
  }
  return { ...params }
}

function unsupported(message: string): KeyServerError {
  return badInput('content-type', message)
}

/** Answers whether the caller may go on: it is no page, or one of an allowed origin. */
function allowOrigin({ headers }: IncomingMessage, response: ServerResponse, policy: OriginPolicy): boolean {
  response.setHeader('Vary', 'Origin')
  if (headers.origin === undefined) return true
  const isAllowed = policy.isAllowed(headers.origin)
  if (isAllowed) {
    response.setHeader('Access-Control-Allow-Origin', headers.origin)
    response.setHeader('Access-Control-Expose-Headers', 'Retry-After, X-Request-Id')
  }
  return isAllowed
}

function answerPreflight(response: ServerResponse): void {
  response
    .writeHead(204, {
      'Access-Control-Allow-Methods': 'POST',
      'Access-Control-Allow-Headers':
        'Accept, Content-Type, Content-Digest, Signature-Input, Signature, X-Request-Id',
      'Access-Control-Max-Age': '7200',
    })
    .end()
}

import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'

export interface OutboundRequest {
  /** The checked addresses of the URL's host. */
  readonly addresses: readonly string[]
  /** Default: GET. */
  readonly method?: string
  readonly headers: Readonly<Record<string, string | number>>
  readonly body?: string
  readonly signal: AbortSignal
}

const responseHeaderBytesMax = 16 * 1024

/**
 * Sends a request to one of these addresses, whatever the URL's name resolves to by now. Redirects are not followed.
 *
 * @returns the response as soon as its headers have come; the caller reads its body, or destroys it
 * @throws Error when no response comes
 */
export function sendRequest(
  url: URL,
  { addresses, method = 'GET', headers, body, signal }: OutboundRequest,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const outgoing = request(url, {
    method,
    headers,
    lookup: lookUpAmong(addresses),
    // No connection is kept: its address was checked for this request.
    agent: false,
    maxHeaderSize: responseHeaderBytesMax,
    signal,
  })
  outgoing.on('response', (response) => {
    // Whoever reads the body meets the error there; whoever does not is not concerned.
    response.on('error', () => undefined)
    resolve(response)
  })
  outgoing.on('error', reject)
  outgoing.on('close', () => {
    reject(new Error('The connection was closed without an answer.'))
  })
  outgoing.end(body)
  return promise
}

/** A look-up that knows these addresses only: the name is not resolved again. */
function lookUpAmong(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_name, options, answer) => {
    const [first] = found
    if (options.all === true || first === undefined) answer(null, found)
    else answer(null, first.address, first.family)
  }
}

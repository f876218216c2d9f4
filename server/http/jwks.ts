import type { IncomingMessage, ServerResponse } from 'node:http'
import type { PublishedKey } from '../../schema/graphql/domain.ts'
import { sendText } from './responses.ts'

/** How long a client may cache the key set, in seconds. One that meets an unknown `kid` before that fetches it again. */
const maxAgeSeconds = 300

/** `/.well-known/jwks.json`: the public keys that sign answers (RFC 7517 §5). Public, so any web page may read it. */
export function createJwksEndpoint(
  published: () => Promise<readonly PublishedKey[]>,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async ({ method }, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*')
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      sendText(response, 405, 'The key set is read by GET.')
      return
    }
    const keys = await published().catch(() => null)
    if (keys === null) {
      sendText(response, 503, 'The key set is out of reach at present.')
      return
    }
    const body = JSON.stringify({ keys })
    response
      .writeHead(200, {
        'Content-Type': 'application/jwk-set+json',
        'Content-Length': Buffer.byteLength(body),
        'Cache-Control': `public, max-age=${String(maxAgeSeconds)}`,
      })
      .end(method === 'HEAD' ? undefined : body)
  }
}

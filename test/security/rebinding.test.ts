import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { createOriginPolicy } from '../../server/http/origins.ts'
import { useWorld } from '../support/operations.ts'
import { RawSocket } from '../support/socket.ts'

const known = 'https://keys.example'
const world = useWorld({
  isDevelopment: true,
  alsoKnownAs: [known],
  allowedOrigins: ['https://app.example'],
})

interface Asked {
  readonly host?: string
  readonly origin?: string
  readonly path?: string
  readonly method?: 'GET' | 'POST'
  readonly accept?: string
}

/** As a browser would ask whose page was led here. */
async function ask({ host, origin, path = '/graphql', method = 'POST', accept = '*/*' }: Asked) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const outgoing = request(
    new URL(path, world.url),
    {
      method,
      headers: {
        accept,
        'content-type': 'application/json',
        ...(host !== undefined && { host }),
        ...(origin !== undefined && { origin }),
      },
      // Node would send its own in place of an empty one.
      setHost: host === undefined,
      timeout: 5_000,
    },
    (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() })
      })
    },
  )
  outgoing.on('error', reject)
  outgoing.end(method === 'POST' ? '{"query":"{ keyServer { version } }"}' : undefined)
  return promise
}

describe('a name that is led to loopback', () => {
  const foreign = [
    'evil.example',
    'evil.example:4000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '',
  ]

  test.each(foreign)('as the Host %j is misdirected, whatever is asked for', async (host) => {
    for (const path of ['/graphql', '/healthz', '/readyz', '/.well-known/jwks.json', '/elsewhere']) {
      const { status, text } = await ask({ host, path, method: path === '/graphql' ? 'POST' : 'GET' })
      expect({ path, status }).toEqual({ path, status: 421 })
      expect(text).not.toContain('version')
    }
    const page = await ask({ host, method: 'GET', accept: 'text/html' })
    expect(page.status).toBe(421)
  })

  test('opens no socket', async () => {
    await expect(RawSocket.open(world.url, { host: 'evil.example' })).rejects.toThrow('421')
  })

  test.each(['localhost', 'LOCALHOST:9', '127.0.0.1:80', '127.0.0.2', '[::1]:4000', 'keys.example'])(
    'is not the Host %s, which is answered',
    async (host) => {
      expect((await ask({ host })).status).toBe(200)
    },
  )

  test('is no concern of a server that others reach: it answers for any host, as behind a proxy', () => {
    const options = { ownOrigins: [known], allowedOrigins: [], allowsLoopback: false }
    for (const listensOn of ['0.0.0.0', '::', '192.0.2.1', '::ffff:192.0.2.1']) {
      expect(createOriginPolicy({ ...options, listensOn }).isOwnHost('upstream')).toBe(true)
    }
    for (const listensOn of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) {
      expect(createOriginPolicy({ ...options, listensOn }).isOwnHost('upstream')).toBe(false)
    }
  })
})

describe('a page of another origin', () => {
  test.each(['http://evil.example', 'http://evil.example:4000', 'null', 'http://localhost.evil.example'])(
    'at %s has no request run, over HTTP as over a WebSocket',
    async (origin) => {
      const { status, text } = await ask({ origin })
      expect(status).toBe(403)
      expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] })
      expect(text).not.toContain('version')
      await expect(RawSocket.open(world.url, { origin })).rejects.toThrow('403')
    },
  )

  test.each([known, 'https://app.example', 'http://localhost:5173'])('is not %s', async (origin) => {
    const { status, text } = await ask({ origin })
    expect(status).toBe(200)
    expect(text).toContain('version')
  })
})

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { freePort, startWorld, type TestServer } from '../../support/server.ts'

// Responses have many shapes; each test knows the one that it changes.
export type Data = Record<string, any> // eslint-disable-line @typescript-eslint/no-explicit-any -- see above

/** One request that reached the key server, and what it answered before the tampering. */
export interface Exchange {
  /** The name of the GraphQL operation, e.g. `WrappedKey`. */
  readonly operation: string
  readonly variables: Data
  readonly data: Data | null
}

/** Changes the `data` of an answer in place, or returns another. */
export type Tampering = (exchange: Exchange & { data: Data }) => Data | undefined

export interface MaliciousServer {
  readonly url: string
  readonly world: TestServer
  /** All requests, oldest first. */
  readonly exchanges: readonly Exchange[]
  /** Applies a tampering to all answers from now on. Null: none. */
  tamper(tampering: Tampering | null): void
  stop(): Promise<void>
}

/**
 * A malicious key server: a real one, behind a proxy that changes its answers as the test says. It knows all that a key
 * server knows.
 */
export async function startMaliciousServer(): Promise<MaliciousServer> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const world = await startWorld({ alsoKnownAs: [url] })
  const exchanges: Exchange[] = []
  let tampering: Tampering | null = null

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await readAll(request)
    const { status, text } = await forward(`${world.url}/graphql`, request, body)
    const { operationName = '', variables = {} } = JSON.parse(body)
    const answered = JSON.parse(text)
    exchanges.push({ operation: operationName, variables, data: structuredClone(answered.data ?? null) })
    if (tampering !== null && answered.data) {
      answered.data = tampering({ operation: operationName, variables, data: answered.data }) ?? answered.data
    }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answered))
  }
  const http = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
  return {
    url,
    world,
    exchanges,
    tamper: (next) => {
      tampering = next
    },
    stop: async () => {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      await world.stop()
    },
  }
}

const forwarded = ['accept', 'content-type', 'content-digest', 'signature-input', 'signature']

async function forward(url: string, { headers }: IncomingMessage, body: string) {
  const kept = forwarded.flatMap((name): [string, string][] => {
    const value = headers[name]
    return typeof value === 'string' ? [[name, value]] : []
  })
  const init = { method: 'POST', headers: kept, body, signal: AbortSignal.timeout(10_000) }
  const response = await fetch(url, init)
  return { status: response.status, text: await response.text() }
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) if (chunk instanceof Buffer) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

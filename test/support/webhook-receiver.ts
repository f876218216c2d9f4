import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The status that answered it. */
  readonly status: number
}

/** A receiver of webhooks on loopback. */
export interface Receiver {
  readonly url: string
  /** Every request, in the order of arrival. */
  readonly received: readonly Received[]
  /** The `webhook-id`s of what it has taken, in order and with repetitions. */
  taken(): string[]
  close(): Promise<void>
}

/** @param answer decides the status of each request, or takes the response into its own hands and returns null */
export async function startReceiver(
  answer: (headers: IncomingHttpHeaders, response: ServerResponse) => number | null = () => 204,
): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const status = answer(request.headers, response)
      received.push({ headers: request.headers, body, status: status ?? 0 })
      if (status !== null) response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    taken: () =>
      received
        .filter(({ status }) => status >= 200 && status < 300)
        .map(({ headers }) => String(headers['webhook-id'])),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

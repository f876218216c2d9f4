import { Agent, request } from 'node:http'

/** A request that is sent as it is, again and again. */
export interface LoadRequest {
  readonly url: string
  readonly body: string
}

/**
 * Sends requests for a time, a number of them at once, over connections that are kept.
 *
 * @returns how many a second were answered
 * @throws Error when an answer has another status than 200, or has `refused` in its text
 */
export async function generateLoad(
  requests: readonly LoadRequest[],
  { concurrency, forMs, refused }: { concurrency: number; forMs: number; refused: string },
): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency })
  const startedMs = performance.now()
  let sent = 0
  const worker = async (): Promise<void> => {
    while (performance.now() - startedMs < forMs) {
      const next = requests[sent++ % requests.length]
      if (next === undefined) throw new TypeError('There is at least one request.')
      const { status, text } = await post(next, agent)
      if (status !== 200 || text.includes(refused))
        throw new Error(`An answer with status ${status} was not the expected one.`)
    }
  }
  try {
    await Promise.all(Array.from({ length: concurrency }, worker))
    return (sent * 1000) / (performance.now() - startedMs)
  } finally {
    agent.destroy()
  }
}

function post({ url, body }: LoadRequest, agent: Agent): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const outgoing = request(
    url,
    {
      method: 'POST',
      agent,
      timeout: 10_000,
      headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
    },
    (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text })
      })
      response.on('error', reject)
    },
  )
  outgoing.on('timeout', () => outgoing.destroy(new Error('No answer within 10 seconds.')))
  outgoing.on('error', reject)
  outgoing.end(body)
  return promise
}

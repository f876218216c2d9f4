import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { resolveName } from '../outbound/resolve-name.ts'
import { check, compareClock, type Check } from './check.ts'

const timeoutMs = 10_000
/** Renewed certificates are replaced a month before, and whoever reads this needs time. */
const certificateDaysMin = 14

/** Checks an origin from a client's end, through whatever lies between. Stops where nothing further can succeed. */
export async function checkOrigin(url: string): Promise<Check[]> {
  const { origin, hostname, protocol } = new URL(url)
  const of = (what: string) => `${what} of ${origin}`
  const run = (what: string, work: Parameters<typeof check>[1]) => check(of(what), work, explain)
  const checks: Check[] = []
  const passes = async (found: Promise<Check>) => {
    checks.push(await found)
    return checks.at(-1)?.status !== 'failed'
  }
  if (!(await passes(run('name', () => findName(hostname))))) return checks
  if (protocol === 'https:' && !(await passes(run('certificate', () => readCertificate(new URL(url))))))
    return checks
  if (!(await passes(run('health', () => readHealth(origin))))) return checks
  checks.push(
    await run('readiness', () => readReadiness(origin)),
    await run('clock', () => readClock(origin)),
    await run('GraphQL', () => query(origin)),
    await run('WebSocket', () => openSocket(origin)),
    await run('event stream', () => readStream(origin)),
  )
  return checks
}

async function findName(hostname: string): Promise<string> {
  const bare = hostname.replace(/^\[|\]$/g, '')
  if (isIP(bare) !== 0 || bare === 'localhost') return 'It needs no name server.'
  const addresses = await resolveName(bare, { signal: AbortSignal.timeout(timeoutMs) })
  if (addresses.length === 0) throw new Error('The name leads to no address: look at its DNS records.')
  return `The name leads to ${addresses.join(', ')}.`
}

async function readCertificate({ hostname, port }: URL): Promise<string | Omit<Check, 'name'>> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect(
    { host: hostname, servername: hostname, port: Number(port || 443), timeout: timeoutMs },
    () => {
      resolve(socket.getPeerCertificate().valid_to)
    },
  )
  socket.once('error', reject).once('timeout', () => {
    reject(new Error('It gives no answer to TLS.'))
  })
  try {
    const days = Math.floor((Date.parse(await promise) - Date.now()) / 86_400_000)
    const detail = `The certificate is valid for ${String(days)} more days.`
    return days >= certificateDaysMin ? detail : { status: 'warning', detail: `${detail} Renew it.` }
  } finally {
    socket.destroy()
  }
}

async function readHealth(origin: string): Promise<string> {
  const response = await ask(`${origin}/healthz`)
  if (response.status === 421)
    throw new Error('The key server does not know this host: add the origin to PUBLIC_URL.')
  if (response.status !== 200 || (await response.text()).trim() !== 'alive') {
    throw new Error(
      `/healthz answers ${String(response.status)}, and not as a key server does: look where the proxy leads.`,
    )
  }
  return 'A key server answers.'
}

const readiness = z.object({
  status: z.string(),
  reason: z.string().nullable(),
  listen: z.object({ status: z.string() }),
})

async function readReadiness(origin: string): Promise<string | Omit<Check, 'name'>> {
  const answer = readiness.parse(await (await ask(`${origin}/readyz`)).json())
  if (answer.status !== 'ready')
    throw new Error(`The key server is not ready: ${answer.reason ?? 'no reason'}.`)
  return answer.listen.status === 'ok'
    ? 'The key server is ready.'
    : { status: 'warning', detail: 'It is ready, and hears no notifications: alerts are late.' }
}

async function readClock(origin: string): Promise<Omit<Check, 'name'>> {
  const response = await ask(`${origin}/healthz`)
  const date = new Date(response.headers.get('date') ?? '')
  if (Number.isNaN(date.getTime())) return { status: 'warning', detail: 'The answer has no date.' }
  return compareClock('the key server', date)
}

const announced = z.object({ data: z.object({ keyServer: z.object({ origins: z.array(z.string()) }) }) })
const body = '{"query":"{ keyServer { origins } }"}'

async function query(origin: string): Promise<string> {
  const response = await post(origin, 'application/json')
  const { origins } = announced.parse(await response.json()).data.keyServer
  if (!origins.includes(origin)) {
    throw new Error(
      `Requests are answered, and signatures would be refused: the key server is known by ${origins.join(', ')}. Add ${origin} to PUBLIC_URL.`,
    )
  }
  return 'Requests are answered, and signed for this origin.'
}

async function openSocket(origin: string): Promise<string> {
  const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}/graphql`, ['graphql-transport-ws'], {
    handshakeTimeout: timeoutMs,
  })
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const timer = setTimeout(() => reject(new Error('The socket gives no answer.')), timeoutMs)
  socket.once('error', (error) => {
    reject(
      new Error(
        `The proxy does not pass "Upgrade" on, and clients fall back to event streams: ${error.message}`,
      ),
    )
  })
  socket.once('open', () => socket.send('{"type":"connection_init"}'))
  socket.once('message', () => resolve('WebSockets come through.'))
  socket.once('close', (code) => reject(new Error(`The socket was closed with ${String(code)}.`)))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    socket.terminate()
  }
}

async function readStream(origin: string): Promise<string> {
  const response = await post(origin, 'text/event-stream')
  const type = response.headers.get('content-type') ?? ''
  const text = await response.text()
  if (!type.startsWith('text/event-stream') || !text.includes('keyServer')) {
    throw new Error('Event streams do not come through: the proxy must neither change nor compress them.')
  }
  return 'Event streams come through.'
}

function ask(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { redirect: 'manual', ...init, signal: AbortSignal.timeout(timeoutMs) })
}

function post(origin: string, accept: string): Promise<Response> {
  return ask(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body,
  })
}

function explain(error: unknown): string {
  if (error instanceof z.ZodError || error instanceof SyntaxError) {
    return 'The answer is not one of a key server: look where the proxy leads.'
  }
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'There is no answer.'
  if ('code' in error && /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(String(error.code))) {
    return `No CA that this machine knows vouches for it (${String(error.code)}). Serve the certificate with its intermediate ones; when it is by a CA of your own, set NODE_EXTRA_CA_CERTS to the file of that one.`
  }
  return error.cause instanceof Error ? `It cannot be reached: ${error.cause.message}.` : error.message
}

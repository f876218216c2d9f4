import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { useWorld } from '../support/operations.ts'
import { openAccount, signRequest } from '../support/raw-client.ts'

const world = useWorld()
/** Reached by others than this machine, so it answers for any host. */
const reachable = useWorld({ host: '0.0.0.0' })

/** The server's answer to these bytes until it closes the connection, or for a second at most. */
async function sendBytes(text: string, { url } = { url: world.url }): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text))
  const answer: string[] = []
  socket.on('data', (chunk) => answer.push(chunk.toString()))
  socket.on('error', (error) => answer.push(error.message))
  socket.setTimeout(1_000, () => socket.destroy())
  socket.on('close', () => {
    resolve(answer.join(''))
  })
  return promise
}

function statusesOf(answer: string): number[] {
  return [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status))
}

const body = '{"query":"{ keyServer { version } }"}'

function post(
  host: string,
  { headers = [], target = '/graphql' }: { headers?: string[]; target?: string } = {},
) {
  return [
    `POST ${target} HTTP/1.1`,
    `Host: ${host}`,
    'Content-Type: application/json',
    `Content-Length: ${String(body.length)}`,
    ...headers,
    '',
    body,
  ].join('\r\n')
}

test.for(['[::bad', 'a b', 'x/y', 'user:password@host', 'host:99999', ''])(
  'a Host header of "%s" changes nothing about the answer of a server that others reach',
  async (host) => {
    const bytes = post(host, { headers: ['Connection: close'] })
    const answer = await sendBytes(bytes, reachable)
    expect(statusesOf(answer)).toEqual([200])
    expect(answer).toContain('"version"')
    // On loopback it is not its own.
    expect(statusesOf(await sendBytes(bytes))).toEqual([421])
  },
)

test.for(['/graphql?query=%zz', '/graphql?query={account{name}}&operationName=x'])(
  'the query of the target %s is not read',
  async (target) => {
    expect(
      statusesOf(await sendBytes(post('localhost', { target, headers: ['Connection: close'] }))),
    ).toEqual([200])
  },
)

test('an offer of HTTP/2, as by the HTTP client of Java, is an ordinary request', async () => {
  const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAEAAEAAAAIAAAAB']
  expect(statusesOf(await sendBytes(post('localhost', { headers: offer })))).toEqual([200])
})

test.for([
  { form: 'of another form', headers: ['Signature-Input: sig=()', 'Signature: sig=:AA==:'] },
  { form: 'without Signature-Input', headers: ['Signature: sig=:AA==:'] },
])('a signature $form is refused before its body comes', async ({ headers }) => {
  const lines = ['Content-Type: application/json', 'Transfer-Encoding: chunked', ...headers, '', '']
  const answer = await sendBytes(['POST /graphql HTTP/1.1', 'Host: localhost', ...lines].join('\r\n'))
  expect(statusesOf(answer)).toEqual([401])
  expect(answer).toContain('SIGNATURE_MALFORMED')
})

test('a client that goes before its body is complete is no warning about the database', async () => {
  const { port } = new URL(world.url)
  const before = world.server.logLines.length
  const socket = connect(Number(port), '127.0.0.1', () => {
    socket.write(post('localhost').slice(0, -5), () => socket.destroy())
  })
  await new Promise((resolve) => socket.once('close', resolve))
  await new Promise((resolve) => setTimeout(resolve, 200))
  const warnings = world.server.logLines.slice(before).filter((line) => line.includes('database'))
  expect(warnings).toEqual([])
})

test('bytes that two servers could take for different requests are refused', async () => {
  const { key } = await openAccount(world.url)
  const signed = await signRequest(world.url, key, { query: '{ account { name } }' })
  const headers = Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}`)
  const length = `Content-Length: ${String(signed.body.length)}`
  const chunked = `${signed.body.length.toString(16)}\r\n${signed.body}\r\n0\r\n\r\n`
  const requests = [
    [...headers, length, 'Transfer-Encoding: chunked', '', chunked],
    [...headers, length, 'Content-Length: 3', '', signed.body],
    [...headers, 'Transfer-Encoding: xchunked', '', chunked],
    [...headers.map((line) => line.replace('signature: ', 'signature:\r\n ')), length, '', signed.body],
    ['host: elsewhere.example', ...headers, length, '', signed.body],
  ]
  for (const lines of requests) {
    const answer = await sendBytes(['POST /graphql HTTP/1.1', 'Host: localhost', ...lines].join('\r\n'))
    expect(statusesOf(answer)).toEqual([400])
  }
})

test('a request in the body of one that needs none is not run', async () => {
  const { key } = await openAccount(world.url)
  const signed = await signRequest(world.url, key, { query: '{ account { name } }' })
  const headers = Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}`)
  const inner = ['POST /graphql HTTP/1.1', 'Host: localhost', ...headers, '', signed.body].join('\r\n')
  const outer = [
    'GET /healthz HTTP/1.1',
    'Host: localhost',
    `Content-Length: ${String(inner.length)}`,
    '',
    inner,
  ]
  expect(statusesOf(await sendBytes(outer.join('\r\n')))).toEqual([200])
})

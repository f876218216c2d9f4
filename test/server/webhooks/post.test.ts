import { describe, expect, test } from 'vitest'
import { postWebhook } from '../../../server/webhooks/post.ts'
import { receiver } from '../../support/webhooks.ts'

const message = { headers: { 'webhook-id': 'id' }, body: '{}' }

function post(
  url: string,
  options: { allowsPrivate?: boolean; resolvesTo?: readonly string[]; timeoutMs?: number } = {},
) {
  const { allowsPrivate = true, resolvesTo, timeoutMs = 2_000 } = options
  return postWebhook(message, {
    url,
    allowsPrivate,
    ...(resolvesTo && { resolve: () => Promise.resolve(resolvesTo) }),
    timeoutMs,
    signal: new AbortController().signal,
  })
}

describe('without the operator’s leave', () => {
  test.each([
    ['127.0.0.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['fd00:ec2::254'],
    // One public address among them does not help.
    ['1.1.1.1', '127.0.0.1'],
  ])('a name that resolves to %s is refused before anything is sent', async (...addresses) => {
    const target = await receiver()
    const { port } = new URL(target.url)
    const url = `https://hooks.example:${port}/`
    expect(await post(url, { allowsPrivate: false, resolvesTo: addresses })).toBe('ADDRESS_REFUSED')
    expect(target.received).toEqual([])
  })

  test.each([
    'https://localhost/',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://2130706433/',
    'https://0x7f000001/',
  ])('%s is refused, as the system resolves it', async (url) => {
    expect(await post(url, { allowsPrivate: false })).toBe('ADDRESS_REFUSED')
  })

  test('http is refused', async () => {
    expect(await post('http://hooks.example/', { allowsPrivate: false })).toBe('URL_REFUSED')
  })
})

test('a name is resolved once, and the connection goes to the address that was checked', async () => {
  const target = await receiver()
  const { port } = new URL(target.url)
  let asked = 0
  const failure = await postWebhook(message, {
    url: `http://rebinding.example:${port}/`,
    allowsPrivate: true,
    resolve: () => Promise.resolve(asked++ === 0 ? ['127.0.0.1'] : ['192.0.2.1']),
    timeoutMs: 2_000,
    signal: new AbortController().signal,
  })
  expect(failure).toBeNull()
  expect(asked).toBe(1)
  expect(target.received[0]?.headers.host).toBe(`rebinding.example:${port}`)
})

test.each([200, 201, 204])('a receiver takes a message by status %i', async (status) => {
  expect(await post((await receiver(() => status)).url)).toBeNull()
})

test.each([400, 401, 404, 410, 429, 500, 503])('status %i is a failure that says so', async (status) => {
  expect(await post((await receiver(() => status)).url)).toBe(`HTTP_${status}`)
})

test.each([301, 302, 303, 307, 308])('a redirect by %i is not followed', async (status) => {
  const elsewhere = await receiver()
  const target = await receiver((_headers, response) => {
    response.writeHead(status, { location: elsewhere.url }).end()
    return null
  })
  expect(await post(target.url)).toBe('REDIRECTED')
  expect(elsewhere.received).toEqual([])
})

test('a receiver that does not answer is given up after the time-out', async () => {
  const target = await receiver(() => null)
  const beganMs = performance.now()
  expect(await post(target.url, { timeoutMs: 300 })).toBe('TIMED_OUT')
  expect(performance.now() - beganMs).toBeLessThan(1_500)
})

test('a name server that does not answer is given up after the time-out', async () => {
  const failure = await postWebhook(message, {
    url: 'https://slow.example/',
    allowsPrivate: true,
    resolve: () => new Promise(() => undefined),
    timeoutMs: 200,
    signal: new AbortController().signal,
  })
  expect(failure).toBe('TIMED_OUT')
})

test('of an answer that never ends nothing is read but its head', async () => {
  let written = 0
  const target = await receiver((_headers, response) => {
    response.writeHead(200)
    const chunk = Buffer.alloc(64 * 1024)
    const write = () => {
      while (!response.destroyed && response.write(chunk)) written += chunk.length
      if (!response.destroyed) response.once('drain', write)
    }
    write()
    return null
  })
  expect(await post(target.url)).toBeNull()
  expect(written).toBeLessThan(16 * 1024 * 1024)
})

test('a head that never ends is refused', async () => {
  const target = await receiver((_headers, response) => {
    response.writeHead(200, { 'x-huge': 'x'.repeat(64 * 1024) }).end()
    return null
  })
  expect(await post(target.url)).toBe('CONNECTION_FAILED')
})

test('nobody listens: that is a failure', async () => {
  const target = await receiver()
  const { url } = target
  await target.close()
  expect(await post(url)).toBe('CONNECTION_FAILED')
})

test('a name that does not exist is a failure that says so', async () => {
  expect(await post('http://hooks.example/', { resolvesTo: [] })).toBe('NAME_NOT_FOUND')
})

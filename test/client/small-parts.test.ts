import { describe, expect, test } from 'vitest'
import { parseAlert } from '../../client/alerts/alert.ts'
import { BoundedQueue } from '../../client/transport/bounded-queue.ts'
import { pagesOf } from '../../client/transport/pages.ts'
import { ResponseReader } from '../../client/transport/response-reader.ts'
import { httpEndpoint, keyServerOrigin, webSocketEndpoint } from '../../client/transport/endpoint.ts'
import { verifyPublicKey, vaultErrorCodes, VaultError } from '../../client/index.ts'

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}

describe('a URL of a key server', () => {
  test.each([
    ['https://keys.example', 'https://keys.example'],
    ['https://keys.example/', 'https://keys.example'],
    ['https://KEYS.example:443/graphql', 'https://keys.example'],
    ['http://127.0.0.1:4000', 'http://127.0.0.1:4000'],
  ])('%s is the origin %s', (url, origin) => {
    expect(keyServerOrigin(url)).toBe(origin)
  })

  test.each(['', 'keys.example', 'ftp://keys.example', 'file:///etc', 'https://user:secret@keys.example'])(
    '%s is refused without being quoted',
    (url) => {
      expect(() => keyServerOrigin(url)).toThrow(VaultError)
      expect(() => keyServerOrigin(url)).not.toThrow(/secret/)
    },
  )

  test('makes the endpoints', () => {
    expect(httpEndpoint('https://keys.example')).toBe('https://keys.example/graphql')
    expect(webSocketEndpoint('https://keys.example')).toBe('wss://keys.example/graphql')
    expect(webSocketEndpoint('http://127.0.0.1:4000')).toBe('ws://127.0.0.1:4000/graphql')
  })
})

describe('an alert', () => {
  const common = { cursor: 'c', occurredAt: '2026-11-23T06:00:00.000Z', acknowledgedAt: null }
  const transactionKey = { id: 'k', applicationServer: 'https://shop.example', label: null }

  test.each([
    { kind: 'KEY_EXPIRING', expiresAt: '2026-11-24T06:00:00.000Z', noticeSeconds: 86400 },
    { kind: 'KEY_EXPIRED', expiresAt: '2026-11-24T06:00:00.000Z' },
    { kind: 'KEY_OVERUSED', maxUses: 3, excess: 1, refused: true, managementKey: { id: 'm' } },
    { kind: 'KEY_REVOKED', reason: 'COMPROMISED' },
  ])('of kind $kind is read', (fields) => {
    const alert = parseAlert(new ResponseReader({ ...common, transactionKey, ...fields }))
    expect(alert).toMatchObject({ kind: fields.kind, cursor: 'c', transactionKey })
    expect(alert.occurredAt).toEqual(new Date(common.occurredAt))
  })

  test.each([
    {
      kind: 'PUBLIC_KEY_MISMATCH',
      applicationServer: 'https://shop.example',
      presentedThumbprint: 't',
      furtherKeyCount: 2,
    },
    { kind: 'MANAGEMENT_KEY_ADDED', managementKey: { id: 'm' }, addedBy: { id: 'n' } },
    { kind: 'MANAGEMENT_KEY_REVOKED', managementKey: { id: 'm' }, revokedBy: { id: 'n' } },
    { kind: 'KEYS_REWRAPPED', managementKey: { id: 'm' }, keyCount: 3 },
    { kind: 'KEYS_EXPORTED', managementKey: { id: 'm' }, keyCount: 3 },
  ])('of kind $kind, which is about no single key, is read', (fields) => {
    const alert = parseAlert(new ResponseReader({ ...common, ...fields }))
    expect(alert).toMatchObject({ kind: fields.kind, cursor: 'c' })
    expect(alert.occurredAt).toEqual(new Date(common.occurredAt))
  })

  test('of a kind from a newer server is delivered with what every alert has', () => {
    const alert = parseAlert(new ResponseReader({ ...common, kind: 'KEY_TELEPORTED', acknowledgedAt: 'x' }))
    expect(alert).toEqual({
      kind: 'UNKNOWN',
      name: 'KEY_TELEPORTED',
      cursor: 'c',
      occurredAt: new Date(common.occurredAt),
    })
  })

  test('of a known kind without its fields is malformed', () => {
    expect(() => parseAlert(new ResponseReader({ ...common, kind: 'KEY_EXPIRED' }))).toThrow(VaultError)
  })
})

describe('a bounded queue', () => {
  test('takes no more than its capacity, and delivers what it took in order before it ends', async () => {
    const queue = new BoundedQueue<number>(2)
    expect([queue.push(1), queue.push(2), queue.push(3)]).toEqual([true, true, false])
    queue.end(null)
    expect(await collect(queue)).toEqual([1, 2])
  })

  test('throws its error after what it took', async () => {
    const queue = new BoundedQueue<number>(2)
    queue.push(1)
    queue.end(new Error('over'))
    const seen: number[] = []
    const read = async () => {
      for await (const item of queue) seen.push(item)
    }
    await expect(read()).rejects.toThrow('over')
    expect(seen).toEqual([1])
  })

  test('wakes a waiting consumer', async () => {
    const queue = new BoundedQueue<number>(1)
    const all = collect(queue)
    await Promise.resolve()
    queue.push(1)
    await new Promise((resolve) => setTimeout(resolve, 5))
    queue.push(2)
    queue.end(null)
    expect(await all).toEqual([1, 2])
  })

  test('drops what it holds when it is abandoned', async () => {
    const queue = new BoundedQueue<number>(2)
    queue.push(1)
    queue.abandon()
    expect(await collect(queue)).toEqual([])
  })
})

describe('pages', () => {
  const pages = [
    { items: [1, 2], next: 'b' },
    { items: [], next: 'c' },
    { items: [3], next: null },
  ]
  const list = () => {
    const asked: (string | null)[] = []
    const all = pagesOf((after) => {
      asked.push(after)
      const page = pages[asked.length - 1]
      return page === undefined ? Promise.reject(new Error('There is no such page.')) : Promise.resolve(page)
    })
    return { asked, all }
  }

  test('are read to the end', async () => {
    const { asked, all } = list()
    expect(await all.toArray()).toEqual([1, 2, 3])
    expect(asked).toEqual([null, 'b', 'c'])
  })

  test('are not read ahead of their reader', async () => {
    const { asked, all } = list()
    for await (const item of all) if (item === 2) break
    expect(asked).toEqual([null])
  })

  test('are refused when the server answers the same cursor again: the list would seem whole', async () => {
    const all = pagesOf(() => Promise.resolve({ items: [1], next: 'same' }))
    await expect(all.toArray()).rejects.toMatchObject({ code: 'ANSWER_MALFORMED' })
  })
})

test('a private key that is passed to a verification is never sent', async () => {
  const { privateKey } = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  let sent = 0
  const fetch = () => {
    sent += 1
    return Promise.reject(new Error('Nothing is to be sent.'))
  }
  const publicKey = await crypto.subtle.exportKey('jwk', privateKey)
  const query = { url: 'https://keys.example', owner: 'alice', applicationServer: 'https://shop.example' }
  await expect(verifyPublicKey({ ...query, publicKey, fetch })).rejects.toMatchObject({
    code: 'PUBLIC_KEY_INVALID',
  })
  expect(sent).toBe(0)
})

test('every code of a VaultError has a message of its own', () => {
  const messages = vaultErrorCodes.map((code) => new VaultError(code).message)
  expect(new Set(messages).size).toBe(vaultErrorCodes.length)
})

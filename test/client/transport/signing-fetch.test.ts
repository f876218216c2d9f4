import { describe, expect, test } from 'vitest'
import { generateManagementKey, publicManagementKey } from '../../../client/crypto/management-key.ts'
import { managementKeySigner } from '../../../client/transport/message-signer.ts'
import { createClock } from '../../../client/transport/clock.ts'
import { signingFetch, type Fetch } from '../../../client/transport/signing-fetch.ts'
import {
  contentDigest,
  httpProfile,
  importSigningKey,
  parseSignature,
  verifySignature,
} from '../../../schema/wire/signatures/http-signature.ts'

const url = 'https://keys.example/graphql'
const text = '{"query":"{ account { name } } # ü"}'
const now = Date.parse('2026-11-23T06:00:00Z')

interface Sent {
  readonly init: RequestInit
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer>
}

/** A fetch that remembers what was sent, and answers from a list; the last answer repeats. */
function fakeFetch(...answers: (() => Response | Promise<Response>)[]): { fetch: Fetch; sent: Sent[] } {
  const sent: Sent[] = []
  return {
    sent,
    fetch: async (_url, init = {}) => {
      if (!(init.body instanceof Uint8Array)) throw new TypeError('A body of bytes is expected.')
      sent.push({ init, headers: new Headers(init.headers), body: new Uint8Array(init.body) })
      const answer = answers[Math.min(sent.length, answers.length) - 1]
      if (answer === undefined) throw new TypeError('There is no answer.')
      return answer()
    },
  }
}

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
const success = () => json({ data: { account: { name: 'alice' } } })
const refusal = (reason: string, more: object = {}) =>
  json({ errors: [{ message: '', extensions: { code: 'UNAUTHENTICATED', reason, ...more } }] }, 401)
const unreachable = () => Promise.reject(new TypeError('fetch failed'))

async function setUp(fetch: Fetch, { timeoutMs = 1000 } = {}) {
  const managementKey = await generateManagementKey({ signingAlgorithm: 'Ed25519', extractable: false })
  const clock = createClock(() => now)
  const signer = managementKeySigner(managementKey, clock)
  const send = signingFetch({ fetch, clock, signer, timeoutMs })
  return { managementKey, clock, post: () => send(url, { method: 'POST', body: text }) }
}

const nonceOf = ({ headers }: Sent) => /nonce="([^"]+)"/.exec(headers.get('signature-input') ?? '')?.[1]
const createdOf = ({ headers }: Sent) =>
  Number(/created=(\d+)/.exec(headers.get('signature-input') ?? '')?.[1])

describe('a signed request', () => {
  test('carries a signature over the very bytes that are sent', async () => {
    const { fetch, sent } = fakeFetch(success)
    const { managementKey, post } = await setUp(fetch)
    await post()
    const [request] = sent
    if (request === undefined) throw new Error('Nothing was sent.')
    expect(new TextDecoder().decode(request.body)).toBe(text)
    const signature = parseSignature(httpProfile, {
      signatureInput: request.headers.get('signature-input') ?? undefined,
      signature: request.headers.get('signature') ?? undefined,
    })
    expect(signature).toMatchObject({
      keyid: managementKey.id,
      created: now / 1000,
      expires: now / 1000 + 60,
    })
    const { signingKey: jwk } = await publicManagementKey(managementKey)
    const key = { jwk, cryptoKey: await importSigningKey(jwk) }
    const values = {
      '@method': 'POST',
      '@target-uri': url,
      'content-type': request.headers.get('content-type') ?? '',
      'content-digest': await contentDigest(request.body),
    }
    expect(request.headers.get('content-digest')).toBe(values['content-digest'])
    expect(await verifySignature(signature, key, values)).toBe(true)
    expect(await verifySignature(signature, key, { ...values, '@target-uri': 'https://other.example' })).toBe(
      false,
    )
  })

  test('follows no redirect and sends no cookie', async () => {
    const { fetch, sent } = fakeFetch(success)
    await (await setUp(fetch)).post()
    expect(sent[0]?.init).toMatchObject({ method: 'POST', redirect: 'error', credentials: 'omit' })
  })

  test('without a signer carries no signature', async () => {
    const { fetch, sent } = fakeFetch(success)
    await signingFetch({ fetch, clock: createClock() })(url, { body: text })
    expect(sent[0]?.headers.has('signature-input')).toBe(false)
    expect(sent[0]?.headers.has('signature')).toBe(false)
  })
})

describe('an expired signature', () => {
  const expired = () => refusal('SIGNATURE_EXPIRED', { serverTime: '2026-11-23T06:05:00.000Z' })

  test('corrects the clock by the server time, and is sent once more with a new nonce', async () => {
    const { fetch, sent } = fakeFetch(expired, success)
    const { post } = await setUp(fetch)
    expect((await post()).status).toBe(200)
    expect(sent).toHaveLength(2)
    expect(sent.map(createdOf)).toEqual([now / 1000, now / 1000 + 300])
    expect(new Set(sent.map(nonceOf)).size).toBe(2)
    await post()
    expect(sent.map(createdOf)[2]).toBe(now / 1000 + 300)
  })

  test.each([
    { of: 'a moment beyond the bound', serverTime: '2026-11-23T06:05:01.000Z' },
    { of: 'an hour ago', serverTime: '2026-11-23T05:00:00.000Z' },
    { of: 'next year', serverTime: '2027-11-23T06:00:00.000Z' },
    { of: 'the end of all dates', serverTime: '+275760-09-13T00:00:00.000Z' },
  ])(
    'that claims a time $of is an error that names both clocks, and nothing is signed',
    async ({ serverTime }) => {
      const { fetch, sent } = fakeFetch(() => refusal('SIGNATURE_EXPIRED', { serverTime }))
      const { clock, post } = await setUp(fetch)
      const error: unknown = await post().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ name: 'VaultError', code: 'CLOCKS_DIFFER' })
      expect(String(error)).toContain('2026-11-23T06:00:00.000Z')
      expect(String(error)).toContain(new Date(serverTime).toISOString())
      expect(sent.map(createdOf)).toEqual([now / 1000])
      expect(clock.nowSeconds()).toBe(now / 1000)
    },
  )

  test('again and again moves the clock no further than 5 minutes from the device’s own', async () => {
    let ahead = 0
    const { fetch, sent } = fakeFetch(() => {
      ahead += 200
      return refusal('SIGNATURE_EXPIRED', { serverTime: new Date(now + ahead * 1000).toISOString() })
    })
    const { clock, post } = await setUp(fetch)
    expect((await post()).status).toBe(401)
    for (let repetition = 0; repetition < 3; repetition += 1) {
      await expect(post()).rejects.toMatchObject({ code: 'CLOCKS_DIFFER' })
    }
    expect(clock.nowSeconds()).toBe(now / 1000 + 200)
    expect(Math.max(...sent.map(createdOf))).toBe(now / 1000 + 200)
  })

  test('without a signer is nobody’s to correct', async () => {
    const { fetch, sent } = fakeFetch(expired)
    const clock = createClock(() => now)
    expect((await signingFetch({ fetch, clock })(url, { body: text })).status).toBe(401)
    expect([sent.length, clock.correctionMs]).toEqual([1, 0])
  })

  test('is retried exactly once', async () => {
    const { fetch, sent } = fakeFetch(expired)
    const { post } = await setUp(fetch)
    expect((await post()).status).toBe(401)
    expect(sent).toHaveLength(2)
  })

  test.each([{}, { serverTime: 'soon' }])(
    'without a readable server time is not retried: %o',
    async (more) => {
      const { fetch, sent } = fakeFetch(() => refusal('SIGNATURE_EXPIRED', more))
      expect((await (await setUp(fetch)).post()).status).toBe(401)
      expect(sent).toHaveLength(1)
    },
  )
})

describe('a request that got no answer', () => {
  test('is sent again, each time signed afresh', async () => {
    const { fetch, sent } = fakeFetch(unreachable, unreachable, success)
    const { post } = await setUp(fetch)
    expect((await post()).status).toBe(200)
    expect(new Set(sent.map(nonceOf)).size).toBe(3)
    expect(new Set(sent.map(({ body }) => new TextDecoder().decode(body)))).toEqual(new Set([text]))
  })

  test('is given up after the third attempt, as NETWORK', async () => {
    const { fetch, sent } = fakeFetch(unreachable)
    await expect((await setUp(fetch)).post()).rejects.toMatchObject({ code: 'NETWORK' })
    expect(sent).toHaveLength(3)
  })

  test('in time is TIMEOUT', async () => {
    const sent: unknown[] = []
    const fetch: Fetch = (_url, init) => {
      sent.push(init)
      return new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => {
          reject(new DOMException('', 'TimeoutError'))
        })
      })
    }
    await expect((await setUp(fetch, { timeoutMs: 20 })).post()).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(sent).toHaveLength(3)
  })

  test('is not sent again once its caller has left', async () => {
    const caller = new AbortController()
    const { fetch, sent } = fakeFetch(() => {
      caller.abort()
      return unreachable()
    })
    const send = signingFetch({ fetch, clock: createClock() })
    await expect(send(url, { body: text, signal: caller.signal })).rejects.toMatchObject({ code: 'NETWORK' })
    expect(sent).toHaveLength(1)
  })
})

describe('an answer', () => {
  test('of a proxy, which is no JSON, is no answer: tried again, then NETWORK with its status', async () => {
    const page = () =>
      new Response('<h1>Bad gateway</h1>', { status: 502, headers: { 'content-type': 'text/html' } })
    const { fetch, sent } = fakeFetch(page)
    await expect((await setUp(fetch)).post()).rejects.toThrow(/502/)
    expect(sent).toHaveLength(3)
  })

  test.each([() => refusal('SIGNATURE_REPLAYED'), () => json({ errors: [] }, 503)])(
    'that a repetition can mend is repeated',
    async (answer) => {
      const { fetch, sent } = fakeFetch(answer, success)
      expect((await (await setUp(fetch)).post()).status).toBe(200)
      expect(sent).toHaveLength(2)
    },
  )

  test('that says when to ask again is waited for, by signed requests and within 30 seconds in all', async () => {
    const limited = (seconds: number) => () =>
      new Response('{"errors":[]}', {
        status: 429,
        headers: { 'content-type': 'application/json', 'retry-after': String(seconds) },
      })
    const patient = fakeFetch(limited(1), limited(1), success)
    const beganMs = performance.now()
    expect((await (await setUp(patient.fetch)).post()).status).toBe(200)
    expect(patient.sent).toHaveLength(3)
    expect(performance.now() - beganMs).toBeGreaterThan(1_900)
    const long = fakeFetch(limited(31))
    expect((await (await setUp(long.fetch)).post()).status).toBe(429)
    expect(long.sent).toHaveLength(1)
    const forever = fakeFetch(...Array.from({ length: 5 }, () => limited(0)), success)
    expect((await (await setUp(forever.fetch)).post()).status).toBe(429)
    expect(forever.sent).toHaveLength(1)
    const unsigned = fakeFetch(limited(1))
    const post = signingFetch({ fetch: unsigned.fetch, clock: createClock() })
    expect((await post(url, { body: text })).status).toBe(429)
    expect(unsigned.sent).toHaveLength(1)
  })

  test.each([
    () => refusal('SIGNATURE_INVALID'),
    () => refusal('SIGNATURE_MALFORMED'),
    () => json({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] }, 429),
    () => json({ data: null }),
  ])('that says no is not asked again', async (answer) => {
    const { fetch, sent } = fakeFetch(answer)
    await (await setUp(fetch)).post()
    expect(sent).toHaveLength(1)
  })
})

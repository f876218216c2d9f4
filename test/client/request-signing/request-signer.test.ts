import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createVault, memoryKeystore, type Vault } from '../../../client/index.ts'
import { createClock } from '../../../client/transport/clock.ts'
import { createVerifier, type Verifier } from '../../../client/verifier/create-verifier.ts'
import { authenticated, nodeMiddleware } from '../../../client/verifier/middleware/node.ts'
import { memoryNonces, type NonceStore } from '../../../client/verifier/nonces.ts'
import { responseOf, refuse, type Refusal } from '../../../client/verifier/refusal.ts'
import { useWorld } from '../../support/world.ts'

/* A vault, a key server and an application server: who signs with vault.signer is let in by the middleware. */

const keyServer = useWorld()
let vault: Vault
let accounts = 0

let shop: string
let verifier: Verifier
let server: Server
/** The answers in its place, once each. */
let refusals: Refusal[]
/** The `signature-input` of every request. */
let seen: string[]
beforeEach(async () => {
  accounts += 1
  vault = await createVault({
    url: keyServer.url,
    owner: `alice-${String(accounts)}-${String(Date.now())}`,
    keystore: memoryKeystore(),
  })
  refusals = []
  seen = []
  server = createServer((request, response) => {
    seen.push(String(request.headers['signature-input']))
    const refusal = refusals.shift()
    if (refusal !== undefined) {
      const { status, headers, body } = responseOf(refusal)
      response.writeHead(status, headers).end(body)
      return
    }
    void nodeMiddleware(verifier)(request, response, () => {
      const { claviger, rawBody } = authenticated(request)
      const body = Buffer.from(rawBody).toString('base64')
      response.end(JSON.stringify({ owner: claviger.owner, thumbprint: claviger.key.thumbprint, body }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  shop = `http://127.0.0.1:${String(typeof address === 'object' && address !== null ? address.port : 0)}`
  verifier = createVerifier({ url: keyServer.url, applicationServer: shop, nonces: keptNonces() })
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** Those of an application server that was not started just now: one that was has requests of this second signed anew. */
function keptNonces(): NonceStore {
  const nonces = memoryNonces()
  return { consume: (nonce, expiresAt) => nonces.consume(nonce, expiresAt) }
}

const usesOf = async (id: string) => (await vault.key(id))?.useCount

describe.each(['Ed25519', 'P-256'] as const)('with a key of %s', (algorithm) => {
  test("requests of every kind are let in as their owner's, and the key is acquired once", async () => {
    const key = await vault.createKey(shop, { algorithm })
    const signer = vault.signer(shop)
    const binary = crypto.getRandomValues(new Uint8Array(5000))
    const form = new FormData()
    form.set('file', new Blob([binary]), 'x.bin')
    const requests: [string | URL | Request, RequestInit?][] = [
      [shop],
      [`${shop}/a?b=c&d=%20#fragment`],
      [new URL(`${shop}/ümlaut/%2F?q=ä`)],
      [`${shop}/`, { method: 'POST', body: 'text' }],
      [`${shop}/`, { method: 'PUT', body: binary }],
      [`${shop}/`, { method: 'POST', body: form }],
      [`${shop}/`, { method: 'DELETE' }],
      [`${shop}/`, { method: 'POST', body: '' }],
      [
        new Request(`${shop}/r`, {
          method: 'POST',
          body: '{}',
          headers: { 'content-type': 'application/json' },
        }),
      ],
    ]
    const answers = await Promise.all(
      requests.map(async ([input, init]) => {
        const response = await signer.fetch(input, init)
        const answer: { owner: string; thumbprint: string; body: string } = JSON.parse(await response.text())
        return answer
      }),
    )
    for (const answer of answers) {
      expect(answer).toMatchObject({ owner: vault.owner, thumbprint: key.thumbprint })
    }
    expect(answers[4]?.body).toBe(Buffer.from(binary).toString('base64'))
    expect(await usesOf(key.id)).toBe(1)
  })
})

test('a request that was signed is good once, and by other means too', async () => {
  await vault.createKey(shop)
  const request = await vault.signer(shop).sign(`${shop}/once`, { method: 'POST', body: 'x' })
  expect((await fetch(request.clone())).status).toBe(200)
  const again = await fetch(request)
  expect([again.status, JSON.parse(await again.text()).error.code]).toEqual([401, 'SIGNATURE_REPLAYED'])
})

test('keys that do not sign are passed over', async () => {
  const key = await vault.createKey(shop)
  await vault.createKey(shop, { algorithm: 'X25519' })
  await vault.createKey(shop, { algorithm: 'A256GCM' })
  const response = await vault.signer(shop).fetch(shop)
  expect(JSON.parse(await response.text()).thumbprint).toBe(key.thumbprint)
})

test('without a key that signs nothing is sent', async () => {
  await vault.createKey(shop, { algorithm: 'A256GCM' })
  await expect(vault.signer(shop).fetch(shop)).rejects.toMatchObject({ code: 'NO_ACTIVE_KEY' })
  expect(seen).toEqual([])
})

test('after its key was revoked, it goes on with the newer one, and each is acquired once', async () => {
  const first = await vault.createKey(shop)
  const signer = vault.signer(shop)
  expect((await signer.fetch(shop)).status).toBe(200)
  const second = await vault.createKey(shop)
  await vault.revokeKey(first.id)
  verifier.clear()
  const answers = await Promise.all([1, 2, 3].map(() => signer.fetch(shop, { method: 'POST', body: 'x' })))
  for (const answer of answers) expect(JSON.parse(await answer.text()).thumbprint).toBe(second.thumbprint)
  expect([await usesOf(first.id), await usesOf(second.id)]).toEqual([1, 1])
})

test('after its only key was revoked, it hands over the refusal, and acquires nothing', async () => {
  const key = await vault.createKey(shop)
  const signer = vault.signer(shop)
  await signer.fetch(shop)
  await vault.revokeKey(key.id)
  verifier.clear()
  for (let time = 0; time < 3; time += 1) {
    const answer = await signer.fetch(shop)
    expect([answer.status, JSON.parse(await answer.text()).error.code]).toEqual([401, 'KEY_REVOKED'])
  }
  expect(await usesOf(key.id)).toBe(1)
})

test('an application server that refuses a good key does not make it acquire that key again', async () => {
  const key = await vault.createKey(shop)
  const signer = vault.signer(shop)
  await signer.fetch(shop)
  const codes = ['KEY_UNKNOWN', 'KEY_REVOKED', 'KEY_EXPIRED', 'KEY_UNCERTIFIED'] as const
  refusals = codes.map((code) => refuse(code))
  for (const code of codes) {
    expect(JSON.parse(await (await signer.fetch(shop)).text()).error.code).toBe(code)
  }
  expect([await usesOf(key.id), seen.length]).toEqual([1, 5])
  expect((await signer.fetch(shop)).status).toBe(200)
})

test('after its key has expired, it acquires the newer one without asking', async () => {
  const first = await vault.createKey(shop, { expiresAt: new Date(Date.now() + 1500), expiryNotices: [] })
  const signer = vault.signer(shop)
  await signer.fetch(shop)
  await new Promise((resolve) => setTimeout(resolve, 2600))
  const second = await vault.createKey(shop)
  const answer = await signer.fetch(shop)
  expect(JSON.parse(await answer.text()).thumbprint).toBe(second.thumbprint)
  expect(seen).toHaveLength(2)
  expect(await usesOf(first.id)).toBe(1)
})

test("an application server's clock is followed, once, and for its own requests only", async () => {
  await vault.createKey(shop)
  const signer = vault.signer(shop)
  const serverTime = new Date(Date.now() + 240_000)
  refusals = [refuse('SIGNATURE_EXPIRED', { serverTime })]
  const answer = await signer.fetch(shop)
  // Now the signature is minutes ahead, which this server does not like: there is no third attempt.
  expect([answer.status, seen.length]).toEqual([401, 2])
  const created = Number(/created=(\d+)/.exec(seen[1] ?? '')?.[1])
  expect(Math.abs(created - serverTime.getTime() / 1000)).toBeLessThan(10)
  expect((await vault.account()).name).toBe(vault.owner)
  expect((await vault.signer(shop).fetch(shop)).status).toBe(200)
})

test("an application server's clock is not followed further than 5 minutes from the device's own", async () => {
  await vault.createKey(shop)
  const signer = vault.signer(shop)
  refusals = [refuse('SIGNATURE_EXPIRED', { serverTime: new Date(Date.now() + 365 * 86_400_000) })]
  await expect(signer.fetch(shop)).rejects.toMatchObject({
    name: 'VaultError',
    code: 'CLOCKS_DIFFER',
    message: expect.stringContaining('seconds apart'),
  })
  expect(seen).toHaveLength(1)
})

test('what the key server corrected does not add up with what an application server corrects', () => {
  const now = Date.parse('2026-11-23T06:00:00Z')
  const keyServerClock = createClock(() => now)
  const appClock = keyServerClock.branch()
  keyServerClock.correct(new Date(now + 200_000))
  expect(appClock.nowSeconds()).toBe(now / 1000 + 200)
  expect(() => {
    appClock.correct(new Date(now + 400_000))
  }).toThrow(/400 seconds apart/)
  appClock.correct(new Date(now - 100_000))
  expect([appClock.nowSeconds(), keyServerClock.nowSeconds()]).toEqual([now / 1000 - 100, now / 1000 + 200])
})

test.each(['SIGNATURE_REPLAYED', 'SIGNATURE_INVALID', 'KEY_PENDING', 'UNAVAILABLE', 'TOO_LARGE'] as const)(
  'a request that is refused with %s is not sent again',
  async (code) => {
    await vault.createKey(shop)
    refusals = [refuse(code)]
    const answer = await vault.signer(shop).fetch(shop, { method: 'POST', body: 'x' })
    expect([JSON.parse(await answer.text()).error.code, seen.length]).toEqual([code, 1])
  },
)

test('nothing is signed for another origin', async () => {
  await vault.createKey(shop)
  const signer = vault.signer(shop)
  for (const url of ['http://127.0.0.1:1/', shop.replace('http:', 'https:'), keyServer.url]) {
    await expect(signer.fetch(url)).rejects.toThrow(TypeError)
    await expect(signer.sign(url)).rejects.toThrow(TypeError)
  }
  expect(() => vault.signer('the shop')).toThrow(TypeError)
  expect(() => vault.signer('the shop', { origins: [shop] })).not.toThrow()
})

test('a signed request is not redirected', async () => {
  await vault.createKey(shop)
  const elsewhere = createServer((_request, response) => response.writeHead(307, { location: shop }).end())
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
  const address = elsewhere.address()
  const origin = `http://127.0.0.1:${String(typeof address === 'object' && address !== null ? address.port : 0)}`
  const signer = vault.signer(shop, { origins: [origin] })
  await expect(signer.fetch(origin)).rejects.toThrow()
  expect((await signer.fetch(origin, { redirect: 'manual' })).status).toBe(307)
  expect(seen).toEqual([])
  elsewhere.closeAllConnections()
  elsewhere.close()
})

test('an application server that does not answer is not waited for beyond timeoutMs', async () => {
  await vault.createKey(shop)
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const origin = `http://127.0.0.1:${String(typeof address === 'object' && address !== null ? address.port : 0)}`
  const signer = vault.signer(shop, { origins: [origin], timeoutMs: 100 })
  await expect(signer.fetch(origin)).rejects.toMatchObject({ name: 'TimeoutError' })
  const ended = new AbortController()
  const patient = vault.signer(shop, { origins: [origin] }).fetch(origin, { signal: ended.signal })
  setTimeout(() => {
    ended.abort()
  }, 300)
  await expect(patient).rejects.toMatchObject({ name: 'AbortError' })
  silent.closeAllConnections()
  silent.close()
})

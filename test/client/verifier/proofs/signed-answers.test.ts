import { beforeAll, describe, expect, test } from 'vitest'
import {
  createVerifier,
  createVerifierWith,
  type SignedAnswerOptions,
} from '../../../../client/verifier/create-verifier.ts'
import type { VerifierEvent } from '../../../../client/verifier/events.ts'
import { createSigner } from '../../../schema/wire/signatures/signers.ts'
import { openAccount, storeKey, type RawAccount } from '../../../support/raw-client.ts'
import { useWorld } from '../../../support/world.ts'

const shop = 'https://shop.example'

const server = useWorld()
let owner: RawAccount
let publicKey: object | null
let issuer: string
beforeAll(async () => {
  owner = await openAccount(server.url)
  publicKey = (await storeKey(server.url, owner.key)).publicKey
  issuer = server.origins[0] ?? ''
})

/** A fetch that changes what the key server answers, as somebody between could. */
function meddling(change: (text: string) => string): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    const isAnswer = addressOf(input).endsWith('/graphql')
    const text = await response.text()
    return new Response(isAnswer ? change(text) : text, {
      status: response.status,
      headers: response.headers,
    })
  }
}

function addressOf(input: string | URL | Request): string {
  return input instanceof Request ? input.url : input.toString()
}

async function ask({
  signedAnswers = { jwks: 'fetch', issuer },
  change = (text) => text,
  nowMs = () => Date.now(),
  name = owner.name,
}: {
  signedAnswers?: SignedAnswerOptions
  change?: (text: string) => string
  nowMs?: () => number
  name?: string
} = {}) {
  const events: VerifierEvent[] = []
  const verifier = createVerifierWith(
    {
      url: server.url,
      applicationServer: shop,
      signedAnswers,
      fetch: meddling(change),
      onEvent: (event) => events.push(event),
    },
    { nowMs, monotonicMs: () => performance.now() },
  )
  const result = await verifier.verify({ owner: name, publicKey })
  const refused = events.flatMap((event) => (event.type === 'answer-refused' ? [event.detail] : []))
  return { status: result.status, refused }
}

describe('with signed answers', () => {
  test('a valid key is valid, and that of an unknown owner is not, by the published key set', async () => {
    expect(await ask()).toEqual({ status: 'valid', refused: [] })
    expect((await ask({ name: 'nobody' })).status).toBe('unknown-key')
  })

  test('a configured key set does as well', async () => {
    const jwks = JSON.parse(await (await fetch(`${server.url}/.well-known/jwks.json`)).text())
    expect((await ask({ signedAnswers: { jwks, issuer } })).status).toBe('valid')
  })

  test('the unsigned members are ignored', async () => {
    const tamper = (text: string) =>
      text.replaceAll('"coincides":false', '"coincides":true').replaceAll('"valid":false', '"valid":true')
    expect((await ask({ name: 'nobody', change: tamper })).status).toBe('unknown-key')
  })

  test.each<[string, (text: string) => string]>([
    [
      'that was changed',
      (text) => text.replace(/("answer":"[^.]+\.)(.)/, (_all, head, c) => `${head}${c === 'e' ? 'f' : 'e'}`),
    ],
    ['without its signature', (text) => text.replace(/("answer":"[^.]+\.[^.]+\.)[^"]+/, '$1')],
    ['that is not a statement', (text) => text.replace(/"answer":"[^"]+"/, '"answer":"x"')],
  ])('an answer %s is rejected', async (_what, change) => {
    const { status, refused } = await ask({ change })
    expect(status).toBe('unavailable')
    expect(refused).toHaveLength(1)
  })

  test('the answer to another query is rejected', async () => {
    let kept = ''
    await ask({
      change: (text) => {
        kept = text
        return text
      },
    })
    const bob = await openAccount(server.url)
    expect(await ask({ name: bob.name, change: () => kept })).toEqual({
      status: 'unavailable',
      refused: ['It answers another query.'],
    })
    expect((await ask({ change: () => kept })).status).toBe('valid')
  })

  test('an answer that was held back is rejected', async () => {
    let kept = ''
    await ask({
      change: (text) => {
        kept = text
        return text
      },
    })
    const later = (seconds: number) => ask({ change: () => kept, nowMs: () => Date.now() + seconds * 1000 })
    expect((await later(20)).status).toBe('valid')
    // It has not expired, but it is older than the request.
    expect((await later(40)).status).toBe('unavailable')
    expect((await later(250)).status).toBe('unavailable')
    expect((await later(340)).status).toBe('unavailable')
    expect((await later(-60)).status).toBe('unavailable')
  })

  test('an answer by another key, or of another issuer, is rejected', async () => {
    const other = await createSigner('ed25519')
    const byOther = await ask({ signedAnswers: { jwks: { keys: [other.jwk] }, issuer } })
    expect(byOther.status).toBe('unavailable')
    expect(
      (await ask({ signedAnswers: { jwks: 'fetch', issuer: 'https://other.example' } })).refused,
    ).toEqual(['It is by another key server, or the option "issuer" is not the public URL of this one.'])
  })

  test('without a key set every answer is rejected', async () => {
    const verifier = createVerifier({
      url: server.url,
      applicationServer: shop,
      signedAnswers: { jwks: 'fetch', issuer },
      fetch: (input, init) =>
        addressOf(input).endsWith('jwks.json') ? Promise.reject(new TypeError('away')) : fetch(input, init),
    })
    expect((await verifier.verify({ owner: owner.name, publicKey })).status).toBe('unavailable')
  })
})

test('without signed answers a tampered answer is accepted: the tests see a difference', async () => {
  const verifier = createVerifier({
    url: server.url,
    applicationServer: shop,
    fetch: meddling((text) =>
      text
        .replaceAll('"coincides":false', '"coincides":true')
        .replaceAll('"valid":false', '"valid":true')
        .replaceAll('"state":null', '"state":"ACTIVE"'),
    ),
  })
  expect((await verifier.verify({ owner: 'nobody', publicKey })).status).toBe('valid')
})

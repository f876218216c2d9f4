import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KeyServerError } from '../../../../schema/wire/errors.ts'
import {
  httpProfile,
  parseSignature,
  webSocketProfile,
} from '../../../../schema/wire/signatures/http-signature.ts'
import { httpExample, webSocketExample } from '../../../support/vectors/request-signing-example.ts'

const good = await httpExample()
const goodSocket = await webSocketExample()
const { signatureInput } = good
const signatureBytes = Buffer.from(good.signature.slice('sig=:'.length, -1), 'base64')

test('a good signature is parsed', () => {
  expect(parseSignature(httpProfile, good)).toEqual({
    profile: httpProfile,
    created: 1795414860,
    expires: 1795414920,
    nonce: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYX',
    keyid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    alg: 'ed25519',
    signature: Uint8Array.from(signatureBytes),
  })
  expect(parseSignature(webSocketProfile, goodSocket).profile).toBe(webSocketProfile)
})

/** Values that RFC 9421, RFC 9651 or a lenient parser would also take for a Signature-Input, made of the good one. */
const inputAttacks: Record<string, (input: string) => string> = {
  'a second member with the same label': (input) => `${input}, ${input}`,
  'a good member after a bad one with the same label': (input) => `sig=("@method");created=1, ${input}`,
  'a second label': (input) => `${input}, other${input.slice('sig'.length)}`,
  'another label': (input) => input.replace('sig=', 'sig1='),
  'an upper-case label': (input) => input.replace('sig=', 'SIG='),
  'no label': (input) => input.replace('sig=', ''),
  'a component twice': (input) => input.replace('"@method" ', '"@method" "@method" '),
  'a component less': (input) => input.replace(' "content-digest"', ''),
  'a component more': (input) => input.replace('"content-digest"', '"content-digest" "content-length"'),
  'no component': (input) => input.replace(/\(.*\)/, '()'),
  'components in another order': (input) =>
    input.replace('"@method" "@target-uri"', '"@target-uri" "@method"'),
  'a component with the parameter req': (input) => input.replace('"@method"', '"@method";req'),
  'a component with the parameter sf': (input) => input.replace('"content-type"', '"content-type";sf'),
  'a component with the parameter bs': (input) => input.replace('"content-digest"', '"content-digest";bs'),
  'a component with the parameter key': (input) =>
    input.replace('"content-digest"', '"content-digest";key="sha-256"'),
  'an upper-case component': (input) => input.replace('"content-type"', '"Content-Type"'),
  'a component that is a token': (input) => input.replace('"content-type"', 'content-type'),
  'a component instead of the list': (input) => input.replace(/\(.*\)/, '"@method"'),
  'parameters in another order': (input) => input.replace(/(;created=\d+)(;expires=\d+)/, '$2$1'),
  'a parameter more': (input) => `${input};context="x"`,
  'a flag more': (input) => `${input};x`,
  'a parameter twice': (input) => `${input};tag="claviger"`,
  'a good parameter after a bad one': (input) => input.replace(';created', ';created=1;created'),
  ...Object.fromEntries(
    ['created', 'expires', 'nonce', 'keyid', 'alg', 'tag'].map((name) => [
      `no ${name}`,
      (input: string) => input.replace(new RegExp(`;${name}=("[^"]*"|\\d+)`), ''),
    ]),
  ),
  'an upper-case parameter': (input) => input.replace(';created', ';Created'),
  'created with a fraction': (input) => input.replace('created=1795414860', 'created=1795414860.0'),
  'created as text': (input) => input.replace('created=1795414860', 'created="1795414860"'),
  'created as a date': (input) => input.replace('created=1795414860', 'created=@1795414860'),
  'created as a flag': (input) => input.replace('created=1795414860', 'created'),
  'created as bytes': (input) => input.replace('created=1795414860', 'created=:AAAA:'),
  'created with a zero in front': (input) => input.replace('created=', 'created=0'),
  'a negative created': (input) => input.replace('created=', 'created=-'),
  'times that are both negative': (input) =>
    input.replace('=1795414860', '=-60').replace('=1795414920', '=-1'),
  'times that both have a fraction': (input) => input.replace('4860', '4860.5').replace('4920', '4920.5'),
  'a negative zero': (input) => input.replace('1795414860', '-0').replace('1795414920', '0'),
  'created with a sign': (input) => input.replace('created=', 'created=+'),
  'a huge created': (input) => input.replace('created=1795414860', 'created=999999999999999'),
  'created with 16 digits': (input) => input.replace('created=1795414860', 'created=9999999999999999'),
  'created with an exponent': (input) => input.replace('created=1795414860', 'created=1e9'),
  'expires before created': (input) => input.replace('expires=1795414920', 'expires=1795414859'),
  'a lifetime of 61 seconds': (input) => input.replace('expires=1795414920', 'expires=1795414921'),
  'a huge expires': (input) => input.replace('expires=1795414920', 'expires=999999999999999'),
  'a space in front': (input) => ` ${input}`,
  'a space at the end': (input) => `${input} `,
  'a tab at the end': (input) => `${input}\t`,
  'a line feed at the end': (input) => `${input}\n`,
  'a space after a semicolon': (input) => input.replace(';created', '; created'),
  'a space before a semicolon': (input) => input.replace(';created', ' ;created'),
  'two spaces between components': (input) => input.replace('" "', '"  "'),
  'a tab between components': (input) => input.replace('" "', '"\t"'),
  'a space inside the list': (input) => input.replace('(', '( '),
  'a space around the equals sign': (input) => input.replace('sig=', 'sig = '),
  'a comma at the end': (input) => `${input},`,
  'a comma in front': (input) => `,${input}`,
  'a semicolon at the end': (input) => `${input};`,
  'upper case everywhere': (input) => input.toUpperCase(),
  'an open list': (input) => input.replace(')', ''),
  'an open text': (input) => input.slice(0, -1),
  'a text with an escape': (input) => input.replace('tag="claviger"', 'tag="clavige\\r"'),
  'a quoted quote': (input) => input.replace('tag="claviger"', 'tag="claviger\\""'),
  'a nonce of 15 bytes': (input) => input.replace(/nonce="[^"]*"/, `nonce="${base64url(15)}"`),
  'a nonce of 33 bytes': (input) => input.replace(/nonce="[^"]*"/, `nonce="${base64url(33)}"`),
  'an empty nonce': (input) => input.replace(/nonce="[^"]*"/, 'nonce=""'),
  'a nonce with stray bits': (input) =>
    input.replace(/nonce="[^"]*"/, `nonce="${base64url(16).slice(0, -1)}B"`),
  'a nonce with padding': (input) => input.replace(/nonce="[^"]*"/, `nonce="${base64url(16)}=="`),
  'a nonce in the standard alphabet': (input) =>
    input.replace(/nonce="[^"]*"/, `nonce="+${base64url(24).slice(1)}"`),
  'a nonce as bytes': (input) => input.replace(/nonce="[^"]*"/, 'nonce=:AAECAwQFBgcICQoLDA0ODw==:'),
  'a nonce as a token': (input) => input.replace(/nonce="([^"]*)"/, 'nonce=$1'),
  'a keyid of 31 bytes': (input) => input.replace(/keyid="[^"]*"/, `keyid="${base64url(31)}"`),
  'a keyid of 33 bytes': (input) => input.replace(/keyid="[^"]*"/, `keyid="${base64url(33)}"`),
  'a keyid with stray bits': (input) =>
    input.replace(/keyid="[^"]*"/, `keyid="${base64url(32).slice(0, -1)}B"`),
  'a keyid that is a name': (input) => input.replace(/keyid="[^"]*"/, 'keyid="alice"'),
  'an unlisted algorithm': (input) => input.replace('"ed25519"', '"rsa-pss-sha512"'),
  'a symmetric algorithm': (input) => input.replace('"ed25519"', '"hmac-sha256"'),
  "JOSE's name of the algorithm": (input) => input.replace('"ed25519"', '"EdDSA"'),
  'an algorithm on the prototype': (input) => input.replace('"ed25519"', '"constructor"'),
  'an algorithm as a token': (input) => input.replace('"ed25519"', 'ed25519'),
  'no algorithm at all': (input) => input.replace('"ed25519"', '"none"'),
  "the socket's tag": (input) => input.replace('tag="claviger"', 'tag="claviger-ws"'),
  'another tag': (input) => input.replace('tag="claviger"', 'tag="web-bot-auth"'),
  'an upper-case tag': (input) => input.replace('tag="claviger"', 'tag="Claviger"'),
  'nothing in it': () => '',
  'a lone label': () => 'sig',
  'a display string': (input) => input.replace('tag="claviger"', 'tag=%"claviger"'),
}

const signatureAttacks: Record<string, (signature: string) => string> = {
  'a parameter': (signature) => `${signature};x`,
  'a parameter with a value': (signature) => `${signature};created=1795414860`,
  'two members': (signature) => `${signature}, other${signature.slice('sig'.length)}`,
  'the same member twice': (signature) => `${signature}, ${signature}`,
  'another label': (signature) => signature.replace('sig=', 'sig1='),
  'a list': (signature) => signature.replace('=', '=(').concat(')'),
  'no label': (signature) => signature.slice('sig='.length),
  'a text for the bytes': (signature) => signature.replace(':', '"').replace(/:$/, '"'),
  'nothing in it': () => '',
  'no bytes': () => 'sig=::',
  '63 bytes': () => `sig=:${signatureBytes.subarray(1).toString('base64')}:`,
  '65 bytes': () => `sig=:${Buffer.concat([signatureBytes, Buffer.alloc(1)]).toString('base64')}:`,
  'an ASN.1 signature': () => `sig=:${Buffer.alloc(71, 0x30).toString('base64')}:`,
  'no padding': (signature) => signature.replace('==:', ':'),
  'stray bits': (signature) => signature.replace('Cg==:', 'Ch==:'),
  'the URL alphabet': (signature) => signature.replaceAll('+', '-').replaceAll('/', '_'),
  'an open byte sequence': (signature) => signature.slice(0, -1),
  'a space in front': (signature) => ` ${signature}`,
  'a space at the end': (signature) => `${signature} `,
  'a space inside': (signature) => signature.replace('sig=:', 'sig=: '),
  'a line feed at the end': (signature) => `${signature}\n`,
  'a comma at the end': (signature) => `${signature},`,
}

describe('SIGNATURE_MALFORMED answers a Signature-Input with', () => {
  test.each(Object.entries(inputAttacks))('%s', (_what, attack) => {
    const attacked = attack(signatureInput)
    expect(attacked).not.toBe(signatureInput)
    expectMalformed(() => parseSignature(httpProfile, { ...good, signatureInput: attacked }))
  })
})

describe('SIGNATURE_MALFORMED answers a Signature with', () => {
  test.each(Object.entries(signatureAttacks))('%s', (_what, attack) => {
    const attacked = attack(good.signature)
    expect(attacked).not.toBe(good.signature)
    expectMalformed(() => parseSignature(httpProfile, { ...good, signature: attacked }))
  })
})

test('one header without the other is SIGNATURE_MALFORMED', () => {
  expectMalformed(() => parseSignature(httpProfile, { signatureInput, signature: undefined }))
  expectMalformed(() => parseSignature(httpProfile, { signatureInput: undefined, signature: good.signature }))
})

test("a socket's signature is no request's, nor the other way round", () => {
  expectMalformed(() => parseSignature(httpProfile, goodSocket))
  expectMalformed(() => parseSignature(webSocketProfile, good))
})

test.each([
  ['a lifetime of 60 seconds', ['expires=1795414920', 'expires=1795414920']],
  ['no lifetime', ['expires=1795414920', 'expires=1795414860']],
  ['a nonce of 16 bytes', [/nonce="[^"]*"/, `nonce="${base64url(16)}"`]],
  ['a nonce of 32 bytes', [/nonce="[^"]*"/, `nonce="${base64url(32)}"`]],
  ['the other algorithm', ['"ed25519"', '"ecdsa-p256-sha256"']],
] as const)('%s is well-formed', (_what, [from, to]) => {
  const changed = { ...good, signatureInput: signatureInput.replace(from, to) }
  expect(parseSignature(httpProfile, changed).keyid).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
})

test('whatever else arrives is refused, in words that quote nothing of it', () => {
  const piece = fc.constantFrom(
    'sig',
    '=',
    '(',
    ')',
    '"',
    ';',
    ',',
    ':',
    ' ',
    '@method',
    'created',
    '1',
    '?1',
    '@1',
    '%"',
  )
  const soup = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''))
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
  const mutated = fc
    .tuple(fc.nat({ max: signatureInput.length }), fc.nat({ max: 20 }), fc.oneof(soup, text))
    .map(([at, cut, put]) => `${signatureInput.slice(0, at)}${put}${signatureInput.slice(at + cut)}`)
  fc.assert(
    fc.property(
      fc.oneof(soup, text, mutated),
      fc.oneof(fc.constant(good.signature), soup, text),
      (input, signature) => {
        const refusal = malformedOrNull(() =>
          parseSignature(httpProfile, { signatureInput: input, signature }),
        )
        if (refusal === null) {
          // A cut of a digit or letter may leave a good form; what is accepted is still spelled in the one way.
          expect(input).toMatch(
            /^sig=\("@method" "@target-uri" "content-type" "content-digest"\);created=\d+;/,
          )
          return
        }
        if (input.length >= 12) expect(refusal.message).not.toContain(input)
        if (signature.length >= 12) expect(refusal.message).not.toContain(signature)
      },
    ),
    { numRuns: 3000 },
  )
})

function expectMalformed(run: () => unknown): void {
  expect(malformedOrNull(run)).toBeInstanceOf(KeyServerError)
}

/** The refusal, which must be SIGNATURE_MALFORMED, or null when `run` refused nothing. */
function malformedOrNull(run: () => unknown): KeyServerError | null {
  try {
    run()
    return null
  } catch (error) {
    if (!(error instanceof KeyServerError)) throw error
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED', details: { reason: 'SIGNATURE_MALFORMED' } })
    return error
  }
}

function base64url(length: number): string {
  return Buffer.alloc(length).toString('base64url')
}

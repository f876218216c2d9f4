import { readFile } from 'node:fs/promises'
import { isObjectType } from 'graphql'
import { describe, expect, test } from 'vitest'
import { schema } from '../../schema/graphql/index.ts'
import { queryLimits } from '../../server/graphql/query-limits.ts'
import { errorCodes, signatureRefusals } from '../../schema/wire/errors.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { limits } from '../../schema/wire/limits.ts'
import {
  httpProfile,
  importSigningKey,
  parseSignature,
  serializeSignatureInput,
  verifySignature,
} from '../../schema/wire/signatures/http-signature.ts'
import { verifyStatement } from '../../schema/wire/statements/statement.ts'
import {
  exampleBody,
  exampleCreated,
  exampleKey,
  httpExample,
  p256Example,
  p256Parameters,
  webSocketExample,
} from '../support/vectors/request-signing-example.ts'
import { certificateExample, exampleCertificate } from '../support/vectors/statement-example.ts'

const text = await readFile(new URL('../../docs/protocol.md', import.meta.url), 'utf8')
const codeBlocks = [...text.matchAll(/^```\w*\n(.*?)\n```$/gms)].map(([, code = '']) => code)

describe('the worked example of docs/protocol.md is what the code computes:', () => {
  test('key and thumbprint', async () => {
    expect(codeBlocks.map(parseJson)).toContainEqual(exampleKey.jwk)
    expect(codeBlocks).toContain(await thumbprint(exampleKey.jwk))
  })

  test('body, time and nonce', () => {
    expect(codeBlocks).toContain(exampleBody)
    const prose = text.replaceAll(/\s+/g, ' ')
    expect(prose).toContain(`The body, ${String(Buffer.byteLength(exampleBody))} bytes`)
    const time = new Date(exampleCreated * 1000).toISOString().replace('.000', '')
    expect(prose).toContain(`at ${time} (${String(exampleCreated)})`)
    const nonce = Buffer.from(Uint8Array.from({ length: 24 }, (_, index) => index)).toString('base64url')
    expect(codeBlocks.filter((code) => code.includes(`nonce="${nonce}"`)).length).toBeGreaterThan(2)
  })

  test('signature base', async () => {
    expect(codeBlocks).toContain((await httpExample()).signatureBase)
  })

  test('request', async () => {
    const { values, signatureInput, signature } = await httpExample()
    const url = new URL(values['@target-uri'] ?? '')
    expect(codeBlocks).toContain(
      [
        `${values['@method'] ?? ''} ${url.pathname} HTTP/1.1`,
        `Host: ${url.host}`,
        `Content-Type: ${values['content-type'] ?? ''}`,
        `Content-Digest: ${values['content-digest'] ?? ''}`,
        `Signature-Input: ${signatureInput}`,
        `Signature: ${signature}`,
        `Content-Length: ${String(Buffer.byteLength(exampleBody))}`,
        '',
        exampleBody,
      ].join('\n'),
    )
  })

  test("a P-256 key's request, whose signature is verified", async () => {
    const { values } = await httpExample()
    const { jwk, signature } = p256Example
    const signatureInput = serializeSignatureInput(httpProfile, await p256Parameters())
    expect(codeBlocks).toContain(`Signature-Input: ${signatureInput}\nSignature: ${signature}`)
    const parsed = parseSignature(httpProfile, { signatureInput, signature })
    const key = { jwk, cryptoKey: await importSigningKey(jwk) }
    expect(await verifySignature(parsed, key, values)).toBe(true)
    expect(await verifySignature(parsed, key, { ...values, '@method': 'GET' })).toBe(false)
  })

  test('a certificate', async () => {
    const certificate = await certificateExample()
    expect(codeBlocks).toContain(certificate)
    const reader = { signingKey: exampleKey.jwk, nowSeconds: exampleCertificate.iat }
    expect(await verifyStatement('claviger-key+jwt', certificate, reader)).toEqual(exampleCertificate)
  })

  test("a socket's signature base and connection_init", async () => {
    const { signatureBase, signatureInput, signature } = await webSocketExample()
    expect(codeBlocks).toContain(signatureBase)
    const payload = { 'signature-input': signatureInput, signature }
    expect(codeBlocks.map(parseJson)).toContainEqual({ type: 'connection_init', payload })
  })
})

describe('docs/protocol.md says', () => {
  test('of each error code when it comes and what the caller can do', () => {
    expect(namesInTable('code')).toEqual([...errorCodes])
  })

  test('of each reason when it comes and what the caller can do', () => {
    expect(namesInTable('reason')).toEqual([...signatureRefusals])
  })

  test('of each kind of alert when it is raised', () => {
    const types = Object.values(schema.getTypeMap())
      .filter(isObjectType)
      .filter((type) => type.getInterfaces().some(({ name }) => name === 'Alert'))
    expect(types).toHaveLength(10)
    expect(namesInTable('alert').sort()).toEqual(types.map(({ name }) => name).sort())
  })

  test.each(Object.entries(limitRows()))('the limit %s', (_name, row) => {
    expect(tableRows()).toContainEqual(row)
  })
})

/** Where each limit stands in the table, as the code has it. */
function limitRows() {
  const count = (value: number) => value.toLocaleString('en')
  const [first, second, third] = limits.expiryNoticesDefault
  return {
    unsignedBodyBytesMax: ['body of an unsigned request', `${count(limits.unsignedBodyBytesMax)} bytes`],
    signedBodyBytesMax: ['body of a signed request', `${count(limits.signedBodyBytesMax)} bytes`],
    jweCharactersMax: ['wrapped key', `${count(limits.jweCharactersMax)} characters`],
    statementCharactersMax: ['signed statement', `${count(limits.statementCharactersMax)} characters`],
    endorsementCharactersMax: [
      'endorsement, and proof of possession',
      `${count(limits.endorsementCharactersMax)} characters`,
    ],
    endorsementsMax: ['endorsements shown with a certificate', count(limits.endorsementsMax)],
    unsignedAnswerCharactersMax: [
      'answer to an unsigned request',
      `${count(limits.unsignedAnswerCharactersMax)} characters`,
    ],
    signedAnswerCharactersMax: [
      'answer to a signed request',
      `${count(limits.signedAnswerCharactersMax)} characters`,
    ],
    introspectionFieldsMax: [
      'fields of introspection in a request',
      count(queryLimits.introspectionFieldsMax),
    ],
    aliasCharactersMax: ['alias', `${count(queryLimits.aliasCharactersMax)} characters`],
    answerSecondsMax: ['lifetime of a signed answer', `${count(limits.answerSecondsMax)} seconds`],
    batchMax: ['items in a list argument, and in a page', count(limits.batchMax)],
    pageDefault: ['items in a page, by default', count(limits.pageDefault)],
    applicationServerCharactersMax: [
      '`applicationServer`',
      `1 to ${count(limits.applicationServerCharactersMax)} characters`,
    ],
    labelCharactersMax: ['`label`', `1 to ${count(limits.labelCharactersMax)} characters`],
    expiryNoticesMax: ['`expiryNotices`', count(limits.expiryNoticesMax)],
    expiryNoticeSecondsMax: ['an expiry notice', `1 to ${count(limits.expiryNoticeSecondsMax)} seconds`],
    expiryNoticesDefault: [
      'expiry notices, by default',
      `${count(first)}, ${count(second)} and ${count(third)} seconds`,
    ],
    signatureLifetimeSecondsMax: [
      'lifetime of a signature',
      `${count(limits.signatureLifetimeSecondsMax)} seconds`,
    ],
    signatureClockSkewSeconds: [
      "a client's clock ahead of the server's",
      `${count(limits.signatureClockSkewSeconds)} seconds`,
    ],
    nonceBytesMin: ['nonce', `${count(limits.nonceBytesMin)} to ${count(limits.nonceBytesMax)} bytes`],
    nonceBytesMax: ['nonce', `${count(limits.nonceBytesMin)} to ${count(limits.nonceBytesMax)} bytes`],
    acquisitionIdHours: ['an `acquisitionId` is remembered', `${count(limits.acquisitionIdHours)} hours`],
    channelsMax: ['channels of an account', count(limits.channelsMax)],
    confirmationHours: ['a confirmation mail is valid', `${count(limits.confirmationHours)} hours`],
    confirmationsPerAddressMax: [
      'confirmation mails to an address',
      `1 in an hour, ${count(limits.confirmationsPerAddressMax)} in 24 hours`,
    ],
    confirmationsPerAccountMax: [
      'confirmation mails that an account asks for',
      `${count(limits.confirmationsPerAccountMax)} in 24 hours`,
    ],
    webhookUrlCharactersMax: ['URL of a webhook', `${count(limits.webhookUrlCharactersMax)} characters`],
    pairingSeconds: ['life of a pairing', `${count(limits.pairingSeconds)} seconds`],
    pairingCharactersMax: ['message of a pairing', `1 to ${count(limits.pairingCharactersMax)} characters`],
    webSocketMessageBytesMax: ['WebSocket message', `${count(limits.webSocketMessageBytesMax)} bytes`],
    tokensMax: ['tokens of a document', count(queryLimits.tokensMax)],
    depthMax: ['depth of a document', count(queryLimits.depthMax)],
    aliasesMax: ['aliases in a document', count(queryLimits.aliasesMax)],
    rootFieldsMax: ['root fields of a document', count(queryLimits.rootFieldsMax)],
    acquiringFieldsMax: [
      'fields that acquire wrapped keys, in a request',
      count(queryLimits.acquiringFieldsMax),
    ],
  } satisfies Record<keyof typeof limits | keyof typeof queryLimits, [string, string]>
}

/** The cells of every row of every table. */
function tableRows(): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
}

/** The names in the first column of the table with this heading, each of whose rows must be filled. */
function namesInTable(heading: string): string[] {
  const rows = tableRows()
  const begin = rows.findIndex(([cell]) => cell === heading)
  const names: string[] = []
  for (const [name = '', ...cells] of rows.slice(begin + 2)) {
    const [, bare] = /^`(\w+)`$/.exec(name) ?? []
    if (bare === undefined) break
    expect(cells.every((cell) => cell !== '')).toBe(true)
    names.push(bare)
  }
  return names
}

function parseJson(code: string): unknown {
  try {
    return JSON.parse(code)
  } catch {
    return undefined
  }
}

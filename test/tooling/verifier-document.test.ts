import { createHash, createPrivateKey, sign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { refusalCodes, responseOf, refuse } from '../../client/verifier/refusal.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { exampleCreated, exampleKey } from '../support/vectors/request-signing-example.ts'
import { createBench, outcomeOf, owner, startSeconds } from '../support/verifier.ts'
import { proofFailures } from '../../schema/wire/enums.ts'

/* The wire format in docs/verifier.md is compared with the code, and computed once more without it. */

const text = await readFile(new URL('../../docs/verifier.md', import.meta.url), 'utf8')
const codeBlocks = [...text.matchAll(/^```\w*\n(.*?)\n```$/gms)].map(([, code = '']) => code)

describe('the worked example', () => {
  const request = codeBlocks.find((code) => code.startsWith('POST /orders?id=1 HTTP/1.1')) ?? ''
  const [head = '', body = ''] = request.split('\n\n')
  const headers = Object.fromEntries(
    [...head.matchAll(/^([A-Za-z-]+): (.*)$/gm)].map(([, name = '', value = '']) => [
      name.toLowerCase(),
      value,
    ]),
  )
  const bytes = new TextEncoder().encode(body)

  test('is let in at its time, once', async () => {
    expect(exampleCreated).toBe(startSeconds)
    const { verifier, keyServer } = createBench()
    keyServer.keys.set(`${owner}/${await thumbprint(exampleKey.jwk)}`, { state: 'ACTIVE' })
    const example = { method: 'POST', target: '/orders?id=1', headers, body: bytes }
    expect(await outcomeOf(verifier, example)).toBe('ok')
    expect(await outcomeOf(verifier, example)).toBe('SIGNATURE_REPLAYED')
    expect(Number(headers['content-length'])).toBe(bytes.length)
  })

  test('is signed as the page says: the signature base by hand has this signature', () => {
    const base = codeBlocks.find((code) => code.startsWith('"@method": POST')) ?? ''
    const { d, jwk } = exampleKey
    const privateKey = createPrivateKey({ key: { ...jwk, d }, format: 'jwk' })
    const digest = createHash('sha256').update(body).digest('base64')
    expect(base.split('\n')).toEqual([
      '"@method": POST',
      '"@target-uri": https://shop.example/orders?id=1',
      '"content-type": application/json',
      `"content-digest": sha-256=:${digest}:`,
      `"claviger-key": ${Buffer.from(`{"crv":"Ed25519","kty":"OKP","x":"${jwk.x}"}`).toString('base64url')}`,
      `"@signature-params": ${(headers['signature-input'] ?? '').slice('sig='.length)}`,
    ])
    expect(headers['signature']).toBe(`sig=:${sign(null, Buffer.from(base), privateKey).toString('base64')}:`)
  })
})

test('the table of refusals has every code, with its status', () => {
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` +\| (\d{3}) /gm)].map(([, code, status]) => [
    code,
    Number(status),
  ])
  const expected = refusalCodes.map((code) => [code, responseOf(refuse(code)).status])
  expect(rows.sort()).toEqual(expected.sort())
})

test('the table of options has every option', async () => {
  const source = await readFile(new URL('../../client/verifier/create-verifier.ts', import.meta.url), 'utf8')
  const [, members = ''] = /export interface VerifierOptions \{(.*?)\n\}/s.exec(source) ?? []
  const options = [...members.matchAll(/readonly (\w+)\??:/g)].map(([, name = '']) => name)
  expect(options.length).toBeGreaterThan(10)
  const [, section = ''] = /## The verifier\n(.*?)\n## /s.exec(text) ?? []
  const rows = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name)
  expect(rows).toEqual(options)
})

test('the tables of key changes have every failure, every option and every event', async () => {
  const [, section = ''] = /## Learning of revocations at once\n(.*?)\n## /s.exec(text) ?? []
  const read = (name: string) =>
    readFile(new URL(`../../client/verifier/freshness/${name}`, import.meta.url), 'utf8')
  const source = await read('follow.ts')
  const [, members = ''] = /export interface FollowOptions[^{]*\{(.*?)\n\}/s.exec(source) ?? []
  const options = [...members.matchAll(/readonly (\w+)\??:/g)].map(([, name = '']) => name)
  const [, union = ''] = /export type FollowEvent =(.*?)\n\n/s.exec(await read('key-change-loop.ts')) ?? []
  const events = [...union.matchAll(/type: '(\w+)'/g)].map(([, name = '']) => name)
  expect([options.length, events.length]).toEqual([3, 3])
  const rows = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name)
  expect(rows).toEqual([...proofFailures, 'signingKey', ...options, ...events])
})

test('every place that the page links to exists', async () => {
  const headings = new Set(
    [...text.matchAll(/^## (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^a-z -]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
  const protocol = await readFile(new URL('../../docs/protocol.md', import.meta.url), 'utf8')
  for (const [, file = '', anchor = ''] of text.matchAll(/\]\(([^)#]*)#([^)]+)\)/g)) {
    if (file === '') expect(headings).toContain(anchor)
    else expect(protocol).toMatch(new RegExp(`^## ${anchor.replaceAll('-', ' ')}$`, 'im'))
  }
})

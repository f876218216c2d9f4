import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postFrom } from '../support/http-from.ts'
import { missing, startHaproxy, startNginx, type ReverseProxy } from '../support/reverse-proxies.ts'
import { freePort } from '../support/server.ts'
import { useWorld } from '../support/world.ts'

// The proxies connect from 127.0.0.1, the clients from other addresses.
const world = useWorld({ trustedProxies: ['127.0.0.1'] })

/** Opens ten pairings, of which an address may have 50 at a time. @returns the codes of those that are refused */
async function openPairings(
  from: string,
  url: string,
  headers: Record<string, string> = {},
): Promise<readonly string[]> {
  const fields = Array.from(
    { length: 10 },
    (_, index) =>
      `p${String(index)}: openPairing(input: { id: "${randomBytes(16).toString('base64url')}", payload: "x" }) { id }`,
  )
  const { body } = await postFrom(from, url, { body: { query: `mutation { ${fields.join(' ')} }` }, headers })
  return [...JSON.stringify(body).matchAll(/"code":"(\w+)"/g)].flatMap(([, code]) => code ?? [])
}

async function openAll(from: string, url: string, headers: (round: number) => Record<string, string>) {
  for (let round = 0; round < 5; round++) expect(await openPairings(from, url, headers(round))).toEqual([])
}

describe.each([
  ['nginx', startNginx, '127.0.1'],
  ['haproxy', startHaproxy, '127.0.2'],
] as const)('behind %s, as deploy/ sets it up,', (program, start, network) => {
  const reason = missing(program)
  if (reason !== null) process.stdout.write(`Not tested: ${reason}\n`)
  let started: ReverseProxy | undefined
  const url = () => started?.url ?? ''

  beforeAll(async () => {
    if (reason !== null) return
    const keyServer = Number(new URL(world.url).port)
    started = await start({ proxy: await freePort(), keyServer })
  })
  afterAll(async () => {
    await started?.stop()
  })

  test.skipIf(reason !== null)(
    'each client is counted by itself, whatever it says of its own address',
    async () => {
      await openAll(`${network}.2`, url(), (round) => ({
        'X-Forwarded-For': `203.0.113.${String(round)}`,
        Forwarded: `for=203.0.113.${String(round)}`,
      }))
      expect(await openPairings(`${network}.2`, url(), { 'X-Forwarded-For': '203.0.113.99' })).toContain(
        'RATE_LIMITED',
      )
      expect(await openPairings(`${network}.3`, url())).toEqual([])
    },
  )
})

test('whoever is no trusted proxy cannot choose the address that they are counted by', async () => {
  const chosen = (round: number) => ({ 'X-Forwarded-For': `198.51.100.${String(round)}` })
  await openAll('127.0.3.2', world.url, chosen)
  expect(await openPairings('127.0.3.2', world.url, chosen(99))).toContain('RATE_LIMITED')
  // A trusted proxy says it, and is believed: nothing was counted for that address.
  expect(await openPairings('127.0.0.1', world.url, chosen(99))).toEqual([])
  expect(world.server.logLines.filter((line) => line.includes('TRUSTED_PROXIES'))).toHaveLength(1)
})

import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { PairingLimiter } from '../../../server/pairing/pairing-limiter.ts'
import { useWorld } from '../../support/world.ts'

const world = useWorld()

/** Opens pairings in one request from an address of loopback. @returns the codes of what was refused */
async function openMany(count: number, localAddress: string): Promise<unknown[]> {
  const fields = Array.from(
    { length: count },
    (_, index) =>
      `p${String(index)}: openPairing(input: { id: "${randomBytes(16).toString('base64url')}", payload: "x" }) { id }`,
  )
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const outgoing = request(
    `${world.url}/graphql`,
    { method: 'POST', localAddress, headers: { 'content-type': 'application/json' }, timeout: 10_000 },
    (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        resolve(Buffer.concat(chunks).toString())
      })
    },
  )
  outgoing.on('error', reject)
  outgoing.end(JSON.stringify({ query: `mutation { ${fields.join(' ')} }` }))
  const { errors = [] }: { errors?: { extensions: { code: unknown } }[] } = JSON.parse(await promise)
  return errors.map(({ extensions }) => extensions.code)
}

test('101 requests of one address close pairing to that address only', async ({ skip }) => {
  if (process.platform !== 'linux') return skip('only Linux has every address of 127.0.0.0/8')
  const answers = await Promise.all(Array.from({ length: 101 }, () => openMany(10, '127.0.0.2')))
  expect(new Set(answers.flat())).toEqual(new Set(['RATE_LIMITED']))
  // A request ends with the first one that is refused.
  expect(answers.filter((codes) => codes.length === 0).length).toBeLessThanOrEqual(5)
  expect(await openMany(1, '127.0.0.1')).toEqual([])
}, 30_000)

describe('a pairing limiter', () => {
  const createLimiter = (options: { now?: () => number } = {}) =>
    new PairingLimiter({ perAddressMax: 2, max: 4, pairingMs: 100, ...options })

  test('allows so many pairings per address, and another one when one is released', () => {
    const limiter = createLimiter()
    const acquire = (id: string, address = 'a') => limiter.acquire({ id, address })
    expect([acquire('1'), acquire('2'), acquire('3')]).toEqual([{ displaced: [] }, { displaced: [] }, null])
    expect(acquire('4', 'b')).toEqual({ displaced: [] })
    limiter.release('1')
    limiter.release('1')
    expect([acquire('3'), acquire('5')]).toEqual([{ displaced: [] }, null])
  })

  test('releases pairings when their time is over', () => {
    let now = 0
    const limiter = createLimiter({ now: () => now })
    const acquire = (id: string) => limiter.acquire({ id, address: 'a' })
    expect([acquire('1'), acquire('2'), acquire('3')]).toEqual([{ displaced: [] }, { displaced: [] }, null])
    now = 99
    expect(acquire('3')).toBeNull()
    now = 100
    expect([acquire('3'), acquire('4'), acquire('5')]).toEqual([{ displaced: [] }, { displaced: [] }, null])
  })

  test('displaces the oldest pairing of the address that has the most', () => {
    const limiter = createLimiter()
    const acquire = (id: string, address: string) => limiter.acquire({ id, address })?.displaced
    acquire('honest', 'h')
    expect([acquire('1', 'a'), acquire('2', 'a'), acquire('3', 'b')]).toEqual([[], [], []])
    expect(acquire('4', 'b')).toEqual(['1'])
    expect(acquire('5', 'c')).toEqual(['3'])
    expect(acquire('6', 'h')).toEqual(['honest'])
  })
})

import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { PairingPlaces } from '../../../server/pairing/pairing-places.ts'
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

describe('the places of pairings', () => {
  const places = (options: { now?: () => number } = {}) =>
    new PairingPlaces({ perAddressMax: 2, max: 4, placeMs: 100, ...options })

  test('are so many of an address, and given back when a pairing ends', () => {
    const taken = places()
    const take = (id: string, address = 'a') => taken.take({ id, address })
    expect([take('1'), take('2'), take('3')]).toEqual([{ displaced: [] }, { displaced: [] }, null])
    expect(take('4', 'b')).toEqual({ displaced: [] })
    taken.giveBack('1')
    taken.giveBack('1')
    expect([take('3'), take('5')]).toEqual([{ displaced: [] }, null])
  })

  test('are given back when their time is over', () => {
    let now = 0
    const taken = places({ now: () => now })
    const take = (id: string) => taken.take({ id, address: 'a' })
    expect([take('1'), take('2'), take('3')]).toEqual([{ displaced: [] }, { displaced: [] }, null])
    now = 99
    expect(take('3')).toBeNull()
    now = 100
    expect([take('3'), take('4'), take('5')]).toEqual([{ displaced: [] }, { displaced: [] }, null])
  })

  test('are taken from the address that has the most when there are no more', () => {
    const taken = places()
    const take = (id: string, address: string) => taken.take({ id, address })?.displaced
    take('honest', 'h')
    expect([take('1', 'a'), take('2', 'a'), take('3', 'b')]).toEqual([[], [], []])
    expect(take('4', 'b')).toEqual(['1'])
    expect(take('5', 'c')).toEqual(['3'])
    expect(take('6', 'h')).toEqual(['honest'])
  })
})

import { expect, test } from 'vitest'
import { expectUnauthenticated, useWorld } from '../support/operations.ts'
import { call, createRawKey, openAccount, send, signRequest } from '../support/raw-client.ts'

const world = useWorld()

test.for(['ed25519', 'ecdsa-p256-sha256'] as const)(
  'the time of a refusal does not tell whether a key is in use, when it is asked as %s',
  { timeout: 40_000 },
  async (alg) => {
    const { key } = await openAccount(world.url)
    expect((await call(world.url, key, { query: '{ account { name } }' })).errors).toEqual([])
    const stranger = await createRawKey()

    /** By the stranger, who says that it was by the key of this id. */
    const timeOf = async (keyid: string) => {
      const request = await signRequest(world.url, stranger, {
        query: '{ account { name } }',
        parameters: { keyid, alg },
      })
      const begin = performance.now()
      const answer = await send(request)
      const ms = performance.now() - begin
      expectUnauthenticated(answer, 'SIGNATURE_INVALID')
      return ms
    }
    const ratio = async () => {
      const inUse: number[] = []
      const unknown: number[] = []
      for (let round = 0; round < 150; round++) {
        inUse.push(await timeOf(key.id))
        unknown.push(await timeOf(stranger.id))
      }
      return quickOf(unknown) / quickOf(inUse)
    }
    // Looking a key up doubles the time. A busy machine gets another chance.
    await expect.poll(ratio, { timeout: 30_000, interval: 10 }).toBeLessThan(1.3)
  },
)

/** The time that a quarter of them stay below. */
function quickOf(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 4)] ?? NaN
}

import { randomUUID } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { useWorld } from '../support/operations.ts'
import { createRawKey, send, signRequest } from '../support/raw-client.ts'

const world = useWorld()

setFlagsFromString('--expose-gc')
const collectGarbage: unknown = runInNewContext('gc')

/** The bytes that this process, and so its key server, holds after garbage collection. */
async function heldBytes(): Promise<number> {
  if (typeof collectGarbage !== 'function') throw new TypeError('V8 has a gc.')
  // The last message is let go some turns later.
  await new Promise((resolve) => setTimeout(resolve, 100))
  collectGarbage()
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const documents = {
  'long documents': () => `{ keyServer { version } } # ${'x'.repeat(400_000)}${randomUUID()}`,
  'long documents that are no GraphQL': () => `{ keyServer { # ${'x'.repeat(400_000)}${randomUUID()}`,
  'documents of many tokens': () => `{ ${'keyServer '.repeat(990)} } # ${randomUUID()}`,
}

test.for(Object.entries(documents))(
  'the server keeps little of %s of one who only pretends to sign',
  { timeout: 60_000 },
  async ([, document]) => {
    const stranger = await createRawKey()
    const sendSome = async (count: number) => {
      for (let sent = 0; sent < count; sent++) {
        await send(await signRequest(world.url, stranger, { query: document() }))
      }
    }
    await sendSome(20)
    const before = await heldBytes()
    await sendSome(100)
    expect((await heldBytes()) - before).toBeLessThan(15e6)
  },
)

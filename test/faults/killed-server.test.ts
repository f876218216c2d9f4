import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { runScript, type Child } from '../support/child.ts'
import { eventually } from '../support/connections.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import {
  call,
  openAccount,
  send,
  signRequest,
  storeInput,
  storeKey,
  storeMutation,
  wrappedKeyQuery,
  type GraphQLAnswer,
  type RawKey,
  type SignedRequest,
} from '../support/raw-client.ts'
import { testServerKeySecret } from '../support/server.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(async () => {
  await database.drop()
})

let child: Child | undefined
afterEach(async () => {
  child?.process.kill('SIGKILL')
  await child?.ended
})

/** Starts the key server as its users do, and waits until it says where it is. */
async function serve(port: number): Promise<{ url: string; port: number }> {
  const started = runScript('client/bin/claviger.js', {
    args: ['serve'],
    env: {
      DATABASE_URL: database.url,
      SERVER_KEY_SECRET: testServerKeySecret,
      PORT: String(port),
      LOG_LEVEL: 'warn',
    },
    timeoutMs: 60_000,
  })
  child = started
  const address = () => /GraphQL\s+http:\/\/localhost:(\d+)/.exec(started.output())?.[1]
  await eventually(
    () => {
      if (started.process.exitCode !== null) throw new Error(`It did not start: ${started.errors()}`)
      return address() !== undefined
    },
    { withinMs: 50_000, what: 'the server is ready' },
  )
  return { url: `http://127.0.0.1:${address()}`, port: Number(address()) }
}

async function kill(): Promise<void> {
  child?.process.kill('SIGKILL')
  expect((await child?.ended)?.signal).toBe('SIGKILL')
}

interface Attempt {
  readonly request: SignedRequest
  /** The id of what is stored, or of the acquisition. */
  readonly id: string
  /** Null when the server was killed before it answered. */
  readonly answer: GraphQLAnswer | null
}

/** Sends signed requests from several sides until the server is gone; `attempts` grows meanwhile. */
function sendUntilKilled(make: () => Promise<{ request: SignedRequest; id: string }>): {
  readonly attempts: readonly Attempt[]
  readonly ended: Promise<unknown>
} {
  const attempts: Attempt[] = []
  const ended = Promise.all(
    Array.from({ length: 4 }, async () => {
      for (;;) {
        const { request, id } = await make()
        const answer = await send(request).catch(() => null)
        attempts.push({ request, id, answer })
        if (answer === null) return
      }
    }),
  )
  return { attempts, ended }
}

const isGranted = ({ answer }: Attempt) => answer !== null && answer.errors.length === 0

test('what a killed server has acknowledged is there after its restart, counted once, and nonces stay used', async () => {
  const first = await serve(0)
  const { key } = await openAccount(first.url)
  const { id: usedKeyId } = await storeKey(first.url, key)
  const stores = sendUntilKilled(async () => {
    const input = await storeInput(key)
    return {
      id: input.id,
      request: await signRequest(first.url, key, { query: storeMutation, variables: { input } }),
    }
  })
  const acquisitions = sendUntilKilled(async () => {
    const acquisitionId = randomUUID()
    return {
      id: acquisitionId,
      request: await signAcquisition(first.url, key, { id: usedKeyId, acquisitionId }),
    }
  })
  // Enough to say something, however slow the machine is.
  const hasEnough = ({ attempts }: typeof stores) => attempts.filter(isGranted).length > 20
  await eventually(() => hasEnough(stores) && hasEnough(acquisitions), {
    withinMs: 30_000,
    what: 'a good many requests are granted',
  })
  await kill()
  await Promise.all([stores.ended, acquisitions.ended])
  const stored = stores.attempts.filter(isGranted)
  const acquired = acquisitions.attempts.filter(isGranted)
  const unknown = acquisitions.attempts.filter(({ answer }) => answer === null)

  const { url } = await serve(first.port)
  for (const { id } of stored) {
    const { data } = await call(url, key, {
      query: 'query ($id: ID!) { transactionKey(id: $id) { id } }',
      variables: { id },
    })
    expect(data).toEqual({ transactionKey: { id } })
  }
  for (const { request } of [...stored, ...acquired]) {
    expect((await send(request)).errors[0]?.extensions['reason']).toBe('SIGNATURE_REPLAYED')
  }
  // Whoever got no answer asks again, with the same acquisition id.
  for (const { id } of unknown) {
    const again = await send(await signAcquisition(url, key, { id: usedKeyId, acquisitionId: id }))
    expect(again.errors).toEqual([])
  }
  const { data } = await call(url, key, {
    query: 'query ($id: ID!) { transactionKey(id: $id) { useCount } }',
    variables: { id: usedKeyId },
  })
  expect(data).toEqual({ transactionKey: { useCount: acquired.length + unknown.length } })
}, 120_000)

test('a server that is told to stop lets requests that are under way finish, and exits with 0', async () => {
  const { url } = await serve(0)
  const { key } = await openAccount(url)
  const inputs = await Promise.all(Array.from({ length: 8 }, () => storeInput(key)))
  const answers = inputs.map(async (input) => call(url, key, { query: storeMutation, variables: { input } }))
  await delay(5)
  child?.process.kill('SIGTERM')
  const outcomes = await Promise.allSettled(answers)
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') expect(outcome.value.errors).toEqual([])
  }
  if (child?.process.exitCode === null) await once(child.process, 'exit')
  expect(child?.process.exitCode).toBe(0)
})

async function signAcquisition(
  url: string,
  key: RawKey,
  variables: { id: string; acquisitionId: string },
): Promise<SignedRequest> {
  return signRequest(url, key, { query: wrappedKeyQuery, variables })
}

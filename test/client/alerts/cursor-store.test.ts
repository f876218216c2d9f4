import 'fake-indexeddb/auto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createVault, memoryKeystore, type Alert, type Vault } from '../../../client/index.ts'
import { indexedDbCursorStore, type CursorStore } from '../../../client/alerts/cursor-store.ts'
import { fileCursorStore } from '../../../client/node/index.ts'
import { useWorld } from '../../support/world.ts'

const world = useWorld()
let vault: Vault
let directory: string
beforeAll(async () => {
  vault = await createVault({ url: world.url, owner: 'follower', keystore: memoryKeystore() })
  directory = await mkdtemp(join(tmpdir(), 'claviger-cursor-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

describe.each([
  ['a file', () => fileCursorStore({ path: join(directory, 'place') })],
  ['IndexedDB', () => indexedDbCursorStore()],
])('an alert stream that keeps its place in %s', (_name, createStore) => {
  test('goes on where the last one stopped, also with what came while nobody listened', async () => {
    const store = createStore()
    expect(await store.load()).toBeNull()
    const first = take(2, store)
    await raise(3)
    const seen = await first
    // The second one was not dealt with: the loop was left before it asked for the next.
    const rest = await take(2, store)
    expect(rest[0]).toEqual(seen[1])
    await raise(1)
    const all = [...seen.slice(0, 1), ...rest, ...(await take(2, store)).slice(1)]
    expect(all.map(({ kind }) => kind)).toEqual(Array.from({ length: 4 }, () => 'KEY_REVOKED'))
    expect(new Set(all.map(({ cursor }) => cursor)).size).toBe(4)
  })
})

test('an explicit cursor goes before the kept place', async () => {
  const store: CursorStore = { load: () => Promise.reject(new Error('asked')), save: () => Promise.resolve() }
  const [oldest] = (await vault.alertHistory({ first: 1 })).alerts
  const [alert] = await take(1, store, oldest?.cursor)
  expect(alert).toEqual((await vault.alertHistory({ first: 2 })).alerts[1])
})

test('a place in a file is readable by its owner only', async () => {
  const path = join(directory, 'new', 'place')
  await fileCursorStore({ path }).save('c')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

async function take(count: number, cursorStore: CursorStore, after?: string): Promise<Alert[]> {
  const taken: Alert[] = []
  for await (const alert of vault.alerts({ after, cursorStore, signal: AbortSignal.timeout(15_000) })) {
    taken.push(alert)
    if (taken.length === count) break
  }
  return taken
}

async function raise(count: number): Promise<void> {
  // A stream that begins now pins its place before it waits.
  await new Promise((resolve) => setTimeout(resolve, 300))
  for (let raised = 0; raised < count; raised++) {
    const key = await vault.createKey('https://shop.example')
    await vault.revokeKey(key.id)
  }
}

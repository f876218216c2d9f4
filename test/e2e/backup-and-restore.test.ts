import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  createVault,
  memoryKeystore,
  openVault,
  type Alert,
  type ConnectionChange,
  type Vault,
} from '../../client/index.ts'
import { runScript, type Child, type ChildEnd } from '../support/child.ts'
import { eventually } from '../support/connections.ts'
import { freePort } from '../support/server.ts'
import { fetchKeySet } from '../support/server-keys.ts'

const shop = 'https://shop.example'

let directory: string
const children: Child[] = []
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-restored-'))
  // As root PostgreSQL runs as another user.
  await chmod(directory, 0o711)
})
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.process.kill('SIGTERM')
    await child.ended
  }
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const machine = (name: string) => join(directory, name)

async function serve(dataDirectory: string, port: number): Promise<Child> {
  const env = { DATA_DIR: dataDirectory, PORT: String(port), LOG_LEVEL: 'warn' }
  const child = runScript('client/bin/claviger.js', { args: ['serve'], env, timeoutMs: 120_000 })
  children.push(child)
  await eventually(() => child.output().includes('is ready') || child.process.exitCode !== null, {
    withinMs: 45_000,
    what: 'the key server is ready',
  })
  expect(child.errors()).toBe('')
  return child
}

function database(dataDirectory: string, ...args: readonly string[]): Promise<ChildEnd> {
  const env = { DATA_DIR: dataDirectory }
  return runScript('client/bin/claviger.js', { args: ['database', ...args], env, timeoutMs: 60_000 }).ended
}

interface Follower {
  readonly alerts: Alert[]
  readonly states: string[]
  end(): Promise<void>
}

/** An open stream of a vault's alerts, and what becomes of its connection. */
async function follow(vault: Vault): Promise<Follower> {
  const alerts: Alert[] = []
  const states: string[] = []
  const ending = new AbortController()
  const ended = (async () => {
    const onConnectionChange = ({ state }: ConnectionChange) => states.push(state)
    for await (const alert of vault.alerts({ signal: ending.signal, onConnectionChange })) alerts.push(alert)
  })()
  await eventually(() => states.includes('connected'), { withinMs: 10_000, what: 'the stream is open' })
  return {
    alerts,
    states,
    end: async () => {
      ending.abort()
      await ended
    },
  }
}

test('a machine that is lost is restored on an empty one by the documented commands, and clients notice what was lost and go on', async () => {
  const port = await freePort()
  const url = `http://localhost:${String(port)}`
  const first = await serve(machine('first'), port)
  const { keys: serverKeys } = await fetchKeySet(url)
  const keystore = memoryKeystore()
  const vault = await createVault({ url, owner: 'alice', keystore })
  const used = await vault.createKey(shop, { maxUses: 1 })
  const revoked = await vault.createKey('https://bank.example')
  const follower = await follow(vault)
  const acquire = () => vault.acquire({ id: used.id })
  await acquire()
  await acquire()
  await eventually(() => follower.alerts.length === 1, { withinMs: 10_000, what: 'the overuse is alerted' })

  const head: unknown = JSON.parse(JSON.stringify(await vault.auditHead()))
  const file = join(directory, 'claviger.backup')
  const backup = await database(machine('first'), 'backup', file)
  expect(backup).toMatchObject({ code: 0, errors: '' })
  const password = join(machine('first'), 'password')
  expect(backup.output).toContain(`Keep ${password} too`)

  // Lost: a revocation, a use and two alerts.
  await vault.revokeKey(revoked.id)
  await acquire()
  await eventually(() => follower.alerts.length === 3, { withinMs: 10_000, what: 'both are alerted' })
  // A device with the same key that has seen the log of now.
  const newer = memoryKeystore()
  const record = await keystore.load()
  if (record === null) throw new TypeError('The vault has a management key.')
  await newer.save(record)
  const witness = await openVault({ url, keystore: newer })
  await witness.auditHead()
  const lostCursor = follower.alerts.at(-1)?.cursor ?? ''
  first.process.kill('SIGKILL')
  await first.ended

  await mkdir(machine('second'))
  // As `cp` does: it belongs to whoever copies it.
  await writeFile(join(machine('second'), 'password'), await readFile(password), { mode: 0o600 })
  const restored = await database(machine('second'), 'restore', file, '--json')
  expect(restored).toMatchObject({ code: 0, errors: '' })
  expect(JSON.parse(restored.output)).toMatchObject({
    file,
    serverKeys: 'KEPT',
    rows: { accounts: 1, alerts: 1, transaction_keys: 2 },
  })
  await serve(machine('second'), port)

  // The server signs with the key that it had.
  expect((await fetchKeySet(url)).keys).toEqual(serverKeys)
  // The audit log holds against a head from before the backup, and a newer one shows what it lost.
  expect(await vault.verifyAuditLog({ head })).toMatchObject({ holds: true, problems: [] })
  expect(await witness.verifyAuditLog()).toMatchObject({ holds: false, problems: [{ code: 'TRUNCATED' }] })
  // The device remembers the revocation that the server has forgotten, and does not use the key.
  expect(await vault.key(revoked.id)).toMatchObject({ trustError: 'ROLLBACK' })
  await expect(vault.acquire({ id: revoked.id })).rejects.toMatchObject({ code: 'ROLLBACK' })
  // A cursor of what was lost is no silent gap.
  await expect(vault.alertHistory({ after: lostCursor, first: 1 })).rejects.toMatchObject({
    code: 'CURSOR_EXPIRED',
  })
  // All else goes on. Uses are counted from where they were at the backup.
  await acquire()
  expect(await vault.key(used.id)).toMatchObject({ useCount: 3 })
  // The open stream says that alerts may be gone, and goes on with the new one.
  const isNew = ({ kind, cursor }: Alert) => kind === 'KEY_OVERUSED' && cursor === newest
  const { endCursor: newest } = await vault.alertHistory({ last: 1 })
  await eventually(() => follower.alerts.some(isNew), { withinMs: 60_000, what: 'the stream goes on' })
  expect(follower.states).toContain('resumed-from-history')
  expect(follower.alerts.slice(0, 3).some(isNew)).toBe(false)
  await vault.revokeKey(revoked.id)
  expect(await vault.key(revoked.id)).toMatchObject({ state: 'REVOKED', trustError: null })
  await follower.end()
}, 240_000)

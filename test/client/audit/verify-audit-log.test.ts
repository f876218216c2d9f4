import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createVault, memoryKeystore, openVault, type AuditHead, type Vault } from '../../../client/index.ts'
import { connectDatabases } from '../../../server/database/connect.ts'
import { accountIdOf } from '../../../server/lib/account-id.ts'
import { rotateServerKey } from '../../../server/server-keys/server-key-rows.ts'
import { eventually } from '../../support/connections.ts'
import { newOwner, shop, useWorld } from '../../support/devices.ts'
import { fetchKeySet } from '../../support/server-keys.ts'
import { testServerKeySecret } from '../../support/server.ts'

const world = useWorld()

/** A vault whose log has nine entries. */
async function usedVault() {
  const keystore = memoryKeystore()
  const owner = newOwner()
  const vault = await createVault({ url: world.url, owner, keystore })
  await vault.createKey(shop)
  for (let count = 0; count < 7; count++) await vault.acquire(shop)
  expect(await vault.verifyAuditLog()).toMatchObject({ holds: true, entryCount: 9, problems: [] })
  return { vault, keystore, owner }
}

/** The same device without what it has seen: only the log itself can tell. */
async function forgetful(vault: Vault, keystore: ReturnType<typeof memoryKeystore>): Promise<Vault> {
  const record = await keystore.load()
  if (record === null) throw new TypeError('The vault has a management key.')
  const other = memoryKeystore()
  await other.save(record)
  return openVault({ keystore: other, url: vault.url })
}

/** As a superuser of the database, in one transaction. */
const tampers: Readonly<Record<string, (owner: string) => Promise<void>>> = {
  'an entry that was removed': async (owner) => {
    await world.sql`DELETE FROM audit_entries WHERE account_id = ${accountIdOf(owner)} AND sequence = 4`
  },
  'the first entry that was removed': async (owner) => {
    await world.sql`DELETE FROM audit_entries WHERE account_id = ${accountIdOf(owner)} AND sequence = 1`
  },
  'the newest entry that was removed': async (owner) => {
    await world.sql`DELETE FROM audit_entries WHERE account_id = ${accountIdOf(owner)} AND sequence = 9`
  },
  'an entry that was removed, and the others renumbered': async (owner) => {
    await world.sql`DELETE FROM audit_entries WHERE account_id = ${accountIdOf(owner)} AND sequence = 4`
    for (let sequence = 5; sequence <= 9; sequence++) {
      await world.sql`
        UPDATE audit_entries SET sequence = ${sequence - 1}
        WHERE account_id = ${accountIdOf(owner)} AND sequence = ${sequence}`
    }
    await world.sql`UPDATE audit_chains SET sequence = 8 WHERE account_id = ${accountIdOf(owner)}`
  },
  'an entry whose time was changed': async (owner) => {
    await world.sql`
      UPDATE audit_entries SET occurred_at = occurred_at - interval '1 hour'
      WHERE account_id = ${accountIdOf(owner)} AND sequence = 4`
  },
  'an acquisition that was changed into a refused one': async (owner) => {
    await world.sql`
      UPDATE audit_entries SET code = 'NOT_FOUND' WHERE account_id = ${accountIdOf(owner)} AND sequence = 4`
  },
  'an entry that was changed with its hash': async (owner) => {
    await world.sql`
      UPDATE audit_entries SET purpose = 'EXPORT', hash = sha256('another')
      WHERE account_id = ${accountIdOf(owner)} AND sequence = 4`
  },
  'an entry that was added': async (owner) => {
    for (let sequence = 9; sequence >= 5; sequence--) {
      await world.sql`
        UPDATE audit_entries SET sequence = ${sequence + 1}
        WHERE account_id = ${accountIdOf(owner)} AND sequence = ${sequence}`
    }
    await world.sql`
      INSERT INTO audit_entries (account_id, sequence, id, occurred_at, action, management_key_id, hash)
      SELECT account_id, 5, gen_random_uuid(), occurred_at, action, management_key_id, hash
      FROM audit_entries WHERE account_id = ${accountIdOf(owner)} AND sequence = 4`
    await world.sql`UPDATE audit_chains SET sequence = 10 WHERE account_id = ${accountIdOf(owner)}`
  },
  'two entries that changed places': async (owner) => {
    for (const [from, to] of [
      [4, 0],
      [5, 4],
      [0, 5],
    ] as const) {
      await world.sql`
        UPDATE audit_entries SET sequence = ${to} WHERE account_id = ${accountIdOf(owner)} AND sequence = ${from}`
    }
  },
  'a beginning that was removed as if its retention had ended, with another hash': async (owner) => {
    await world.sql`DELETE FROM audit_entries WHERE account_id = ${accountIdOf(owner)} AND sequence <= 4`
    await world.sql`
      UPDATE audit_chains SET pruned_sequence = 4, pruned_hash = sha256('another')
      WHERE account_id = ${accountIdOf(owner)}`
  },
}

test.each(Object.keys(tampers))(
  '%s is found, also by a device that has seen nothing before',
  async (name) => {
    const { vault, keystore, owner } = await usedVault()
    await tampers[name]?.(owner)
    for (const device of [vault, await forgetful(vault, keystore)]) {
      const report = await device.verifyAuditLog()
      expect(report.holds).toBe(false)
      expect(report.problems.length).toBeGreaterThan(0)
    }
  },
)

test("a log holds after the server's key was replaced, also against a head that the key before had signed", async () => {
  const { vault, keystore } = await usedVault()
  const kept = await vault.auditHead()
  const { keys: before } = await fetchKeySet(world.url)
  const databases = connectDatabases({ url: world.databaseUrl, writeConnectionsMax: 1 })
  onTestFinished(() => databases.close())
  // Twice, and the retired ones removed: the key that signed the head is published no more.
  for (let count = 0; count < 2; count++) {
    await rotateServerKey(databases.writes.db, { secret: testServerKeySecret, isSecretLost: false })
  }
  await world.sql`DELETE FROM server_keys WHERE retired_at IS NOT NULL`
  const isReplaced = async () => {
    const { keys } = await fetchKeySet(world.url)
    return keys.every(({ kid }) => before.every((key) => key.kid !== kid))
  }
  await eventually(isReplaced, { withinMs: 10_000, what: 'the new key' })
  for (const device of [vault, await forgetful(vault, keystore)]) {
    await device.acquire(shop)
    expect(await device.verifyAuditLog()).toMatchObject({ holds: true, problems: [] })
    const head: unknown = JSON.parse(JSON.stringify(kept))
    expect(await device.verifyAuditLog({ head })).toMatchObject({ holds: true, problems: [] })
    // A statement alone does not have the key to check it by, and the answer says so.
    await expect(device.verifyAuditLog({ head: kept.statement })).rejects.toMatchObject({
      code: 'AUDIT_HEAD_INVALID',
      message: expect.stringContaining('not signed by a key that the key server publishes') as unknown,
    })
  }
})

/** Sets the log back to its first entries, as if the others had never been, with all that the tables say of it. */
async function setBack(owner: string, sequence: number): Promise<void> {
  await world.sql`DELETE FROM audit_entries WHERE account_id = ${accountIdOf(owner)} AND sequence > ${sequence}`
  await world.sql`
    UPDATE audit_chains c SET sequence = e.sequence, hash = e.hash FROM audit_entries e
    WHERE e.account_id = c.account_id AND e.sequence = ${sequence} AND c.account_id = ${accountIdOf(owner)}`
}

describe('a log whose newest entries were removed without a trace', () => {
  let vault: Vault
  let other: Vault
  let kept: AuditHead
  beforeAll(async () => {
    const used = await usedVault()
    vault = used.vault
    other = await forgetful(vault, used.keystore)
    kept = await vault.auditHead()
    await setBack(used.owner, 6)
  })

  test('holds for a device that has seen nothing before (negative control)', async () => {
    expect(await other.verifyAuditLog()).toMatchObject({ holds: true, entryCount: 6 })
  })

  test('is found by a head that was kept, also as its statement alone', async () => {
    for (const head of [JSON.parse(JSON.stringify(kept)), kept.statement]) {
      expect(await other.verifyAuditLog({ head })).toMatchObject({
        holds: false,
        problems: [{ code: 'TRUNCATED', sequence: 9 }],
      })
    }
  })

  test('is found by a device that has seen them', async () => {
    expect(await vault.verifyAuditLog()).toMatchObject({
      holds: false,
      problems: [{ code: 'TRUNCATED', sequence: 9 }],
    })
    await expect(vault.auditHead()).rejects.toMatchObject({ code: 'ROLLBACK' })
  })
})

describe('a log whose end was replaced by another one that is sealed as it should be', () => {
  let vault: Vault
  let other: Vault
  let kept: AuditHead
  beforeAll(async () => {
    const used = await usedVault()
    vault = used.vault
    other = await forgetful(vault, used.keystore)
    kept = await vault.auditHead()
    await setBack(used.owner, 6)
    for (let count = 0; count < 5; count++) await other.acquire(shop)
  })

  test('holds for a device that has seen nothing before (negative control)', async () => {
    expect(await other.verifyAuditLog()).toMatchObject({ holds: true, entryCount: 11 })
  })

  test('is found by a head that was kept, and by a device that has seen the other end', async () => {
    const forked = { holds: false, problems: [{ code: 'FORKED', sequence: 9 }] }
    expect(await other.verifyAuditLog({ head: JSON.parse(JSON.stringify(kept)) })).toMatchObject(forked)
    expect(await vault.verifyAuditLog()).toMatchObject(forked)
  })
})

test('a log that goes on holds against a head that was kept', async () => {
  const { vault } = await usedVault()
  const head: unknown = JSON.parse(JSON.stringify(await vault.auditHead()))
  for (let count = 0; count < 100; count++) await vault.acquire(shop)
  expect(await vault.verifyAuditLog({ head })).toMatchObject({
    holds: true,
    entryCount: 109,
    oldestSequence: 1,
  })
})

/** As the key server does it when their retention has ended: whether it has, the database cannot prove. */
async function removeUpTo(sequence: number, owner: string): Promise<void> {
  await world.sql`
    UPDATE audit_chains c SET pruned_sequence = e.sequence, pruned_hash = e.hash FROM audit_entries e
    WHERE e.account_id = c.account_id AND e.sequence = ${sequence} AND c.account_id = ${accountIdOf(owner)}`
  await world.sql`DELETE FROM audit_entries WHERE account_id = ${accountIdOf(owner)} AND sequence <= ${sequence}`
}

const backdate = (owner: string) =>
  world.sql`UPDATE accounts SET created_at = created_at - interval '8 days' WHERE name = ${owner}`

test('a log of which the beginning was removed when its retention ended holds, and cannot be compared with a head from before', async () => {
  const { vault, keystore, owner } = await usedVault()
  const early = await vault.auditHead()
  await vault.acquire(shop)
  await vault.acquire(shop)
  const head = await vault.auditHead()
  await backdate(owner)
  await removeUpTo(10, owner)
  const other = await forgetful(vault, keystore)
  expect(await other.verifyAuditLog({ head: early })).toMatchObject({
    holds: false,
    problems: [{ code: 'HEAD_PRUNED', sequence: 9 }],
  })
  expect(await other.verifyAuditLog({ head })).toMatchObject({
    holds: true,
    entryCount: 1,
    oldestSequence: 11,
  })
})

describe('a log of which young entries were removed as if their retention had ended', () => {
  let vault: Vault
  let other: Vault
  let kept: unknown
  beforeAll(async () => {
    const { keystore, owner, ...used } = await usedVault()
    vault = used.vault
    other = await forgetful(vault, keystore)
    const { head, recentEntries } = await vault.verifyAuditLog()
    kept = JSON.parse(JSON.stringify({ ...head, recentEntries }))
    await removeUpTo(9, owner)
    const young = { holds: false, problems: [{ code: 'PRUNED_EARLY', sequence: 1 }] }
    expect(await other.verifyAuditLog(), 'the account is younger than any retention').toMatchObject(young)
    await backdate(owner)
  })

  test('holds for a device that has seen nothing before, once the account seems older (negative control)', async () => {
    expect(await other.verifyAuditLog()).toMatchObject({ holds: true, entryCount: 0 })
  })

  test('is found by a device that has verified it before, and by what was kept with a head', async () => {
    const early = { holds: false, problems: [{ code: 'PRUNED_EARLY', sequence: 1 }] }
    expect(await vault.verifyAuditLog()).toMatchObject(early)
    expect(await other.verifyAuditLog({ head: kept })).toMatchObject(early)
    await expect(
      other.verifyAuditLog({ head: { ...(await other.auditHead()), recentEntries: [{ sequence: 1 }] } }),
    ).rejects.toMatchObject({ code: 'AUDIT_HEAD_INVALID' })
  })
})

test("a head that is another account's, or signed by another key, is no head", async () => {
  const [one, other] = [await usedVault(), await usedVault()]
  const head = await other.vault.auditHead()
  const notThis = { code: 'AUDIT_HEAD_INVALID' }
  await expect(one.vault.verifyAuditLog({ head })).rejects.toMatchObject(notThis)
  await expect(one.vault.verifyAuditLog({ head: head.statement })).rejects.toMatchObject(notThis)
  const mine = await one.vault.auditHead()
  const changed = { ...mine, statement: mine.statement.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')) }
  await expect(one.vault.verifyAuditLog({ head: changed })).rejects.toMatchObject(notThis)
  await expect(one.vault.verifyAuditLog({ head: {} })).rejects.toMatchObject(notThis)
})

test('the log lists what was done, newest first, over pages, and as it is filtered', async () => {
  const { vault } = await usedVault()
  for (let count = 0; count < 100; count++) await vault.acquire(shop)
  const entries = await vault.auditLog().toArray()
  expect(entries.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 109 }, (_, index) => 109 - index),
  )
  const opened = await vault.auditLog({ actions: ['ACCOUNT_OPENED'] }).toArray()
  expect(opened).toEqual(entries.slice(-1))
  expect(await vault.auditLog({ granted: false }).toArray()).toEqual([])
  expect(await vault.auditLog({ until: entries.at(-1)?.occurredAt }).toArray()).toEqual([])
})

import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createVault } from '../../../client/index.ts'
import { fileKeystore } from '../../../client/node/index.ts'
import { accountIdOf } from '../../../server/lib/account-id.ts'
import { eventually } from '../../support/connections.ts'
import { openAccount, storeKey } from '../../support/raw-client.ts'
import { useWorld } from '../../support/world.ts'
import { Claviger } from './claviger.ts'

/* Whoever may write to the database changes the audit log, and its owner asks the command line. */

const world = useWorld()
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-tampering-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

interface Tampering {
  readonly what: string
  /** @param id the account's; another account's beside it */
  readonly tamper: (id: string, other: string) => Promise<unknown>
  /** Only a head that was kept tells it from a log that never had more. */
  readonly needsHead?: boolean
}

const entries = (id: string) => world.sql`SELECT sequence FROM audit_entries WHERE account_id = ${id}`

/** A distributed table takes no other account in an UPDATE. */
async function giveRows(table: string, { from, to }: { from: string; to: string }): Promise<void> {
  const rows = await world.sql`DELETE FROM ${world.sql(table)} WHERE account_id = ${from} RETURNING *`
  for (const row of rows)
    await world.sql`INSERT INTO ${world.sql(table)} ${world.sql({ ...row, account_id: to })}`
}

const tamperings: readonly Tampering[] = [
  {
    what: 'the first entry was removed',
    tamper: (id) => world.sql`DELETE FROM audit_entries WHERE account_id = ${id} AND sequence = 1`,
  },
  {
    what: 'an entry in the middle was removed',
    tamper: (id) => world.sql`DELETE FROM audit_entries WHERE account_id = ${id} AND sequence = 3`,
  },
  {
    what: 'the last entry was removed',
    tamper: (id) => world.sql`
      DELETE FROM audit_entries WHERE account_id = ${id}
        AND sequence = (SELECT max(sequence) FROM audit_entries WHERE account_id = ${id})`,
  },
  {
    what: 'the last entry was removed, and the chain set back to the one before',
    tamper: async (id) => {
      await world.sql`
        DELETE FROM audit_entries WHERE account_id = ${id}
          AND sequence = (SELECT max(sequence) FROM audit_entries WHERE account_id = ${id})`
      await world.sql`
        UPDATE audit_chains c SET sequence = e.sequence, hash = e.hash FROM audit_entries e
        WHERE e.account_id = c.account_id AND c.account_id = ${id}
          AND e.sequence = (SELECT max(sequence) FROM audit_entries WHERE account_id = ${id})`
    },
    needsHead: true,
  },
  {
    what: 'a refusal was made a release',
    tamper: (id) =>
      world.sql`UPDATE audit_entries SET code = NULL WHERE account_id = ${id} AND code IS NOT NULL`,
  },
  {
    what: 'a time was changed',
    tamper: (id) => world.sql`
      UPDATE audit_entries SET occurred_at = occurred_at - interval '1 hour' WHERE account_id = ${id} AND sequence = 2`,
  },
  {
    what: 'an entry was added at the end',
    tamper: (id) => world.sql`
      INSERT INTO audit_entries (account_id, sequence, id, occurred_at, action, management_key_id, hash)
      SELECT account_id, sequence + 1, gen_random_uuid(), occurred_at, action, management_key_id, sha256('x')
      FROM audit_entries WHERE account_id = ${id} ORDER BY sequence DESC LIMIT 1`,
  },
  {
    what: 'two entries changed places',
    tamper: async (id) => {
      for (const [from, to] of [
        [2, -1],
        [3, 2],
        [-1, 3],
      ] as const) {
        await world.sql`UPDATE audit_entries SET sequence = ${to} WHERE account_id = ${id} AND sequence = ${from}`
      }
    },
  },
  {
    what: 'the entries are those of another account',
    tamper: async (id, other) => {
      await world.sql`DELETE FROM audit_entries WHERE account_id = ${id}`
      await giveRows('audit_entries', { from: other, to: id })
    },
  },
  {
    what: 'the entries and the chain are those of another account',
    tamper: async (id, other) => {
      for (const table of ['audit_entries', 'audit_chains']) {
        await world.sql`DELETE FROM ${world.sql(table)} WHERE account_id = ${id}`
        await giveRows(table, { from: other, to: id })
      }
    },
  },
  {
    what: 'all entries were removed',
    tamper: (id) => world.sql`DELETE FROM audit_entries WHERE account_id = ${id}`,
  },
  {
    what: 'all entries were removed, and the chain',
    tamper: async (id) => {
      await world.sql`DELETE FROM audit_entries WHERE account_id = ${id}`
      await world.sql`DELETE FROM audit_chains WHERE account_id = ${id}`
    },
  },
  {
    what: 'the chain was sealed anew without an entry',
    tamper: async (id) => {
      await world.sql`
        INSERT INTO audit_pending (account_id, id, occurred_at, action, purpose, code, management_key_id, transaction_key_id, affected_management_key_id, address)
        SELECT account_id, id, occurred_at, action, purpose, code, management_key_id, transaction_key_id, affected_management_key_id, address
        FROM audit_entries WHERE account_id = ${id} AND sequence <> 3 ORDER BY sequence`
      await world.sql`DELETE FROM audit_entries WHERE account_id = ${id}`
      await world.sql`DELETE FROM audit_chains WHERE account_id = ${id}`
      await eventually(async () => (await entries(id)).length >= 3, { withinMs: 10_000, what: 'sealing' })
    },
    needsHead: true,
  },
]

test.each(tamperings)('$what: "audit verify" ends with 1', async ({ tamper, needsHead = false }) => {
  const owner = `o-${Math.random().toString(36).slice(2)}`
  const home = await mkdtemp(join(directory, 'home-'))
  const claviger = new Claviger(home, { CLAVIGER_URL: world.url })
  // As commands would, but in this process: the log is what the test is about.
  const keystore = fileKeystore({ path: join(home, '.config/claviger/key.json') })
  const vault = await createVault({ url: world.url, owner, keystore })
  await vault.createKey('https://shop.example')
  await vault.acquire('https://shop.example')
  await expect(vault.acquire({ id: '00000000-0000-0000-0000-000000000000' })).rejects.toThrow()
  const id = accountIdOf(owner)
  await eventually(async () => (await entries(id)).length >= 4, { withinMs: 10_000, what: 'sealing' })
  // As it is on a machine that has seen nothing of the log, but for the head that was kept.
  const fresh = await mkdtemp(join(directory, 'fresh-'))
  await cp(home, fresh, { recursive: true })
  const head = join(directory, `${owner}.json`)
  expect((await claviger.run(['audit', 'verify', '--head', head])).code).toBe(0)
  const stranger = await openAccount(world.url)
  await storeKey(world.url, stranger.key)
  await eventually(async () => (await entries(accountIdOf(stranger.name))).length >= 2, {
    withinMs: 10_000,
    what: 'sealing',
  })

  await tamper(id, accountIdOf(stranger.name))
  const elsewhere = new Claviger(fresh, { CLAVIGER_URL: world.url })
  const without = await elsewhere.run(['audit', 'verify', '--json'])
  expect(without.code, without.stdout + without.stderr).toBe(needsHead ? 0 : 1)
  const withHead = await elsewhere.run(['audit', 'verify', '--head', head, '--json'])
  expect(withHead.code, withHead.stdout + withHead.stderr).toBe(1)
  // The machine that has verified it before remembers.
  expect((await claviger.run(['audit', 'verify'])).code).toBe(1)
})

import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backUpTo, restoreTo, rewrite, tablesOf } from '../../../support/backups.ts'
import { emptyTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { openAccount, storeKey } from '../../../support/raw-client.ts'
import { useWorld } from '../../../support/world.ts'

/* A refused backup leaves the database as empty as it was: each test shares one, and the last one fills it. */

const world = useWorld()
let directory: string
let target: TestDatabase
let path: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-backup-'))
  path = join(directory, 'good.backup')
  const { key } = await openAccount(world.url)
  await storeKey(world.url, key)
  await backUpTo(path, world.databaseUrl)
  target = await emptyTestDatabase()
})
afterAll(async () => {
  await target.drop()
  await rm(directory, { recursive: true, force: true })
})

const bad = () => join(directory, 'bad.backup')

async function expectRefused(words: string): Promise<void> {
  await expect(restoreTo(target.url, bad())).rejects.toThrow(words)
  expect(await tablesOf(target.url)).toEqual([])
}

test('a byte that was changed anywhere is noticed before the database is touched', async () => {
  const good = await readFile(path)
  const places = [0, 16, 40, 89, 90, 95, 100, Math.floor(good.length / 2), good.length - 1]
  for (const place of places) {
    const bytes = Buffer.from(good)
    bytes[place] = (bytes[place] ?? 0) ^ 1
    await writeFile(bad(), bytes)
    await expectRefused(place === 0 ? 'is no backup of a key server.' : 'is ')
  }
})

test('a file that was cut off, or goes on after its end, is noticed', async () => {
  const { length } = await readFile(path)
  for (const bytes of [0, 10, 89, 90, 91, length - 1]) {
    await copyFile(path, bad())
    await truncate(bad(), bytes)
    await expectRefused('is n')
  }
  await writeFile(bad(), Buffer.concat([await readFile(path), Buffer.from('x')]))
  await expectRefused('is not whole')
})

test('another kind of file is named as such', async () => {
  await writeFile(bad(), 'PGDMP and what pg_dump writes')
  await expectRefused('is no backup of a key server.')
  await expect(restoreTo(target.url, directory)).rejects.toThrow('is no regular file')
  await expect(restoreTo(target.url, join(directory, 'none'))).rejects.toThrow('(ENOENT)')
})

test('a backup of a newer version says which program restores it', async () => {
  const newer = (await readFile(path, 'latin1')).replace('claviger-backup 1', 'claviger-backup 2')
  await writeFile(bad(), newer, 'latin1')
  await expectRefused('is of a newer format')
  await rewrite(path, bad(), (text) =>
    text.replace(/"migrations":\[([^\]]*)\]/, `"migrations":[$1,"${'0'.repeat(64)}"]`),
  )
  await expectRefused('which is newer than this program')
})

test('content that contradicts itself is refused under a checksum that is right', async () => {
  const changes: [(text: string) => string, string][] = [
    [(text) => text.replace(/("rows":\{"accounts":)1/, '$12'), 'not as many rows'],
    [(text) => text.slice(0, text.lastIndexOf('{"sequences"')), 'ends too early'],
    [(text) => `${text}more\n`, 'goes on after its end'],
    [(text) => text.replace('"table":"accounts"', '"table":"accounts; DROP TABLE x"'), 'cannot read'],
    [(text) => text.replace('"table":"accounts"', '"table":"strangers"'), '"strangers"'],
    [(text) => text.replace('"columns":["id","name"', '"columns":["id","alias"'), '"accounts"'],
  ]
  for (const [change, words] of changes) {
    await rewrite(path, bad(), change)
    await expectRefused(words)
  }
})

test('rows that the database refuses, the last ones of a table too, leave it empty', async () => {
  // PostgreSQL finds a foreign key that leads nowhere after the last row.
  await rewrite(path, bad(), (text) =>
    text.replace(/("table":"accounts".*\n).*\n/, '$1').replace('"accounts":1', '"accounts":0'),
  )
  await expectRefused('foreign key')
  await rewrite(path, bad(), (text) => text.replace(/("table":"accounts".*\n)[^\t]*/, '$1no-uuid'))
  await expectRefused('uuid')
})

test('a database with tables is refused in words, and what it has stays', async () => {
  const before = await tablesOf(world.databaseUrl)
  await expect(restoreTo(world.databaseUrl, path)).rejects.toThrow('This database is not empty')
  expect(await tablesOf(world.databaseUrl)).toEqual(before)
  // Control: into the empty one it goes, and then no second time.
  await restoreTo(target.url, path)
  expect(await tablesOf(target.url)).toEqual(before)
  await expect(restoreTo(target.url, path)).rejects.toThrow('This database is not empty')
})

import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useWorld } from '../../support/world.ts'
import { Claviger, membersOf } from './claviger.ts'

const world = useWorld({ auditAddresses: true })
let home: string
let claviger: Claviger
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'claviger-cli-'))
  claviger = new Claviger(home, { CLAVIGER_URL: world.url })
  await claviger.json('init', '--owner', 'alice')
  await claviger.json('key', 'create', 'https://shop.example')
  await claviger.json('key', 'get', 'https://shop.example')
  await claviger.run(['key', 'get', '00000000-0000-0000-0000-000000000000'])
})
afterAll(async () => {
  await rm(home, { recursive: true, force: true })
})

test('audit list shows what was done and refused, newest first', async () => {
  const { code, stdout } = await claviger.run(['audit', 'list'])
  expect(code).toBe(0)
  const lines = stdout.trimEnd().split('\n')
  expect(lines.at(-1)).toMatch(/^#1 {2}\S+Z {2}ACCOUNT_OPENED {2}granted {2}by \S{43} {2}from 127\.0\.0\.1$/)
  expect(lines[0]).toContain('refused: NOT_FOUND  key 00000000-0000-0000-0000-000000000000')
  const refused = await claviger.run([
    'audit',
    'list',
    '--refused',
    '--since',
    '1h',
    '--limit',
    '1',
    '--json',
  ])
  expect(JSON.parse(refused.stdout)).toMatchObject({
    action: 'KEY_ACQUIRED',
    granted: false,
    code: 'NOT_FOUND',
  })
})

test('audit export prints lines that a checker of its own can chain, and the same as CSV', async () => {
  const { stdout } = await claviger.run(['audit', 'export', '--format', 'jsonl'])
  const entries = stdout
    .trimEnd()
    .split('\n')
    .map((line) => membersOf(JSON.parse(line)))
  expect(entries.map(({ action }) => action)).toContain('KEY_STORED')
  let previousHash = '0'.repeat(64)
  for (const { hash, ...entry } of entries) {
    const members = Object.entries({ ...entry, previousHash }).sort(([a], [b]) => (a < b ? -1 : 1))
    const text = JSON.stringify(Object.fromEntries(members))
    expect(createHash('sha256').update(text).digest('hex')).toBe(hash)
    previousHash = String(hash)
  }
  const csv = await claviger.run(['audit', 'export', '--format', 'csv'])
  const [header, ...rows] = csv.stdout.trimEnd().split('\r\n')
  expect(header?.split(',')).toEqual(Object.keys(entries[0] ?? {}))
  expect(rows).toEqual(
    entries.map((entry) =>
      Object.values(entry)
        .map((value) => JSON.stringify(value).replaceAll(/^(?:null$|")|"$/g, ''))
        .join(','),
    ),
  )
})

test('audit verify exits with 0 while the log holds, keeps a head, and with 1 when an entry was removed', async () => {
  const file = join(home, 'head.json')
  const { sequence } = membersOf((await claviger.json('audit', 'verify', '--head', file))['head'])
  expect(membersOf(JSON.parse(await readFile(file, 'utf8')))['sequence']).toBe(sequence)
  await claviger.json('key', 'get', 'https://shop.example')
  const report = await claviger.json('audit', 'verify', '--head', file)
  expect(report).toMatchObject({ holds: true, problems: [] })
  expect(membersOf(JSON.parse(await readFile(file, 'utf8')))['sequence']).toBe(Number(sequence) + 1)
  expect((await claviger.json('audit', 'head'))['sequence']).toBe(Number(sequence) + 1)

  await world.sql`DELETE FROM audit_entries WHERE action = 'KEY_STORED'`
  const broken = await claviger.run(['audit', 'verify', '--head', file])
  expect(broken).toMatchObject({ code: 1, stdout: expect.stringContaining('ENTRY_MISSING') as unknown })
  const asJson = await claviger.run(['audit', 'verify', '--json'])
  expect(asJson.code).toBe(1)
  expect(JSON.parse(asJson.stdout)).toMatchObject({
    holds: false,
    problems: [{ code: 'ENTRY_MISSING', sequence: 2 }],
  })
})

test('audit verify refuses a file that is no head', async () => {
  const file = join(home, 'no-head.json')
  await writeFile(file, '{}')
  const { code, stderr } = await claviger.run(['audit', 'verify', '--head', file])
  expect(code).toBe(1)
  expect(stderr).toContain('AUDIT_HEAD_INVALID')
})

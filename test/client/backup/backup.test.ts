import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openBackup } from '../../../client/index.ts'
import { sealText, openText } from '../../../client/backup/sealed-text.ts'
import { Claviger } from '../cli/claviger.ts'
import { bank, bytes, newOwner, newVault, shop, useWorld } from '../../support/devices.ts'

const world = useWorld()
const passphrase = 'correct horse'

async function exported() {
  const vault = await newVault(world.url)
  const symmetric = await vault.createKey(shop, { algorithm: 'A256GCM', label: 'Shop', maxUses: 3 })
  const signing = await vault.createKey(bank)
  const sealedData = await (await vault.acquire({ id: symmetric.id })).encrypt(bytes)
  const { sealed, keyCount, skipped } = await vault.exportBackup({ passphrase })
  expect({ keyCount, skipped }).toEqual({ keyCount: 2, skipped: [] })
  return { vault, symmetric, signing, sealed, sealedData }
}

test('a backup opens without any key server, and tells what it holds', async () => {
  const { vault, sealed, signing, symmetric } = await exported()
  const backup = await openBackup(sealed, passphrase)
  expect(backup).toMatchObject({ owner: vault.owner, url: world.url })
  expect(backup.endorsements).toHaveLength(1)
  expect(new Map(backup.keys.map(({ id, thumbprint }) => [id, thumbprint]))).toEqual(
    new Map([
      [symmetric.id, null],
      [signing.id, signing.thumbprint],
    ]),
  )
})

test('an export is no use, and the owner is alerted', async () => {
  const { vault, symmetric } = await exported()
  expect((await vault.key(symmetric.id))?.useCount).toBe(1)
  const { alerts } = await vault.alertHistory()
  expect(alerts).toMatchObject([{ kind: 'KEYS_EXPORTED', keyCount: 2 }])
})

test('a wrong passphrase, a changed byte and an exchanged secret are detected', async () => {
  const { sealed } = await exported()
  const unreadable = { code: 'BACKUP_UNREADABLE' }
  await expect(openBackup(sealed, 'wrong')).rejects.toMatchObject(unreadable)
  const parts = sealed.split('.')
  parts[3] = `${parts[3]?.startsWith('A') ? 'B' : 'A'}${parts[3]?.slice(1) ?? ''}`
  await expect(openBackup(parts.join('.'), passphrase)).rejects.toMatchObject(unreadable)
  await expect(openBackup(await sealText('{}', passphrase), passphrase)).rejects.toMatchObject(unreadable)
  const text = JSON.parse(await openText(sealed, passphrase))
  ;[text.keys[0].secret, text.keys[1].secret] = [text.keys[1].secret, text.keys[0].secret]
  const swapped = await sealText(JSON.stringify(text), passphrase)
  await expect(openBackup(swapped, passphrase)).rejects.toMatchObject({ code: 'KEY_MISMATCH' })
})

test('an import stores the same keys in an empty account, also when it is repeated', async () => {
  const { sealed, sealedData, symmetric, signing } = await exported()
  const backup = await openBackup(sealed, passphrase)
  const fresh = await newVault(world.url)
  const report = { imported: 2, skipped: [] }
  expect(await fresh.importBackup(backup)).toEqual(report)
  expect(await fresh.importBackup(backup)).toEqual(report)
  expect(await (await fresh.acquire({ id: symmetric.id })).decrypt(sealedData)).toEqual(bytes)
  expect(await fresh.acquire(bank)).toMatchObject({ id: signing.id, thumbprint: signing.thumbprint })
  expect(await fresh.key(symmetric.id)).toMatchObject({ label: 'Shop', maxUses: 3, trustError: null })
})

test('an account that has other keys is left alone', async () => {
  const { sealed } = await exported()
  const used = await newVault(world.url)
  await used.createKey(shop)
  await expect(used.importBackup(await openBackup(sealed, passphrase))).rejects.toMatchObject({
    code: 'ACCOUNT_NOT_EMPTY',
  })
  expect(await used.keys().toArray()).toHaveLength(1)
})

test('by command: exported, looked into without a server, and imported', { timeout: 90_000 }, async () => {
  const home = await mkdtemp(join(tmpdir(), 'claviger-backup-'))
  try {
    const [file, secret] = [join(home, 'backup.jwe'), join(home, 'passphrase')]
    await writeFile(secret, `${passphrase}\n`)
    const backup = (step: string) => ['backup', step, file, '--backup-passphrase-file', secret]
    const alice = new Claviger(home, { CLAVIGER_URL: world.url })
    await alice.json('init', '--owner', newOwner())
    const { id } = await alice.json('key', 'create', shop)
    expect(await alice.json(...backup('export'))).toMatchObject({ keyCount: 1, skipped: [] })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await readFile(file, 'utf8')).split('.')).toHaveLength(5)
    expect((await alice.run(backup('export'))).code).toBe(2)
    const offline = new Claviger(home, {
      CLAVIGER_URL: 'http://127.0.0.1:9',
      CLAVIGER_KEYSTORE: join(home, 'none'),
    })
    const { stdout } = await offline.run([...backup('inspect'), '--json'])
    expect(JSON.parse(stdout).keys).toMatchObject([{ id, algorithm: 'Ed25519', isCertified: true }])
    expect(stdout).not.toContain('"d"')
    const bob = new Claviger(home, { CLAVIGER_URL: world.url, CLAVIGER_KEYSTORE: join(home, 'bob.json') })
    await bob.json('init', '--owner', newOwner())
    expect(await bob.json(...backup('import'))).toEqual({ imported: 1, skipped: [] })
    expect(await bob.json('key', 'get', shop)).toMatchObject({ id })
  } finally {
    await rm(home, { recursive: true, force: true })
  }
})

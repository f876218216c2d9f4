import { Option, type Command } from 'commander'
import { resolve } from 'node:path'
import { readFile } from 'node:fs/promises'
import { openBackup, type Backup } from '../../index.ts'
import { writePrivateFile } from '../../node/private-file.ts'
import type { Context } from '../context.ts'
import { CliError, systemCodeOf } from '../errors.ts'
import { rows } from '../key-text.ts'
import { printable } from '../output.ts'
import { readPassphrase } from '../passphrase.ts'
import { progressNotes, skippedLines } from '../progress.ts'
import { hasCode, withTries } from '../tries.ts'

interface BackupFlags {
  readonly backupPassphraseFile?: string
}

const readWithinMs = 30_000

/** `claviger backup …`: all keys in one encrypted file, that no key server is needed for. */
export function addBackupCommands(program: Command, context: Context): void {
  const backup = program
    .command('backup')
    .description('export all keys to an encrypted file, look into one, import one')
  backup
    .command('export')
    .argument('<file>', 'a new file, which only you can read')
    .description('export every key that this device can open, under a passphrase of its own')
    .addOption(passphraseOption())
    .action((file: string, flags: BackupFlags) => exportTo(resolve(file), flags, context))
  backup
    .command('inspect')
    .argument('<file>')
    .description('list what is in a backup, and check it; needs no key server, and shows no secret')
    .addOption(passphraseOption())
    .action(async (file: string, flags: BackupFlags) => {
      const found = await open(file, flags)
      const { url, owner, exportedAt } = found
      const keys = found.keys.map(({ secret, certificate, ...key }) => ({
        ...key,
        algorithm: secret.algorithm,
        isCertified: certificate !== null,
      }))
      context.output.result({ url, owner, exportedAt, keys }, [
        ...rows([
          ['Account', owner],
          ['Key server', url],
          ['Exported', exportedAt.toISOString()],
          ['Keys', String(keys.length)],
        ]),
        ...keys.map((key) => `${key.id}  ${key.algorithm}  ${printable(key.applicationServer)}`),
      ])
    })
  backup
    .command('import')
    .argument('<file>')
    .description('store the keys of a backup in this account, which must have no others')
    .addOption(passphraseOption())
    .action(async (file: string, flags: BackupFlags) => {
      const found = await open(file, flags)
      const vault = await context.openVault()
      const report = await vault.importBackup(found, { onProgress: progressNotes(context.output) })
      context.output.result(report, [
        ...rows([['Keys imported', String(report.imported)]]),
        ...skippedLines(report.skipped),
      ])
    })
}

function passphraseOption(): Option {
  return new Option(
    '--backup-passphrase-file <file>',
    "read the backup's passphrase from this file instead of asking",
  )
}

async function exportTo(path: string, flags: BackupFlags, context: Context): Promise<void> {
  const { output } = context
  const vault = await context.openVault()
  const passphrase = await readPassphrase({
    file: flags.backupPassphraseFile,
    isNew: true,
    option: '--backup-passphrase-file',
  })
  const { sealed, keyCount, skipped } = await vault.exportBackup({
    passphrase,
    onProgress: progressNotes(output),
  })
  try {
    await writePrivateFile(path, { text: `${sealed}\n`, isReplacing: false })
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'KEYSTORE_OCCUPIED'
    if (isThere)
      throw new CliError('FILE_EXISTS', `The file ${path} is there already.`, { hint: 'Name another one.' })
    const code = systemCodeOf(error)
    if (code === null) throw error
    throw new CliError('FILE_UNWRITABLE', `The file ${path} cannot be written (${code}).`)
  }
  output.result({ file: path, keyCount, skipped }, [
    ...rows([
      ['Backup', path],
      ['Keys', String(keyCount)],
    ]),
    ...skippedLines(skipped),
  ])
}

/** A backup may be large: some 500 bytes a key. */
async function open(path: string, { backupPassphraseFile: file }: BackupFlags): Promise<Backup> {
  let sealed
  try {
    sealed = await readFile(path, { encoding: 'utf8', signal: AbortSignal.timeout(readWithinMs) })
  } catch (error) {
    throw new CliError(
      'FILE_UNREADABLE',
      `The file ${path} cannot be read (${systemCodeOf(error) ?? 'TIMEOUT'}).`,
    )
  }
  const option = '--backup-passphrase-file'
  return withTries(async () => openBackup(sealed, await readPassphrase({ file, isNew: false, option })), {
    isAsked: file === undefined,
    isWrong: hasCode('BACKUP_UNREADABLE'),
  })
}

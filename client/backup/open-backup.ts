import { parseBackup, type Backup } from './backup.ts'
import { openText } from './sealed-text.ts'

/**
 * Opens a backup. Needs no key server. The result holds the secrets.
 *
 * @throws {VaultError} BACKUP_UNREADABLE; KEY_MISMATCH when a secret is not the one that its certificate confirms.
 */
export async function openBackup(sealed: string, passphrase: string): Promise<Backup> {
  return parseBackup(await openText(sealed, passphrase))
}

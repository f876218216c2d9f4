import type { Backup } from '../backup/backup.ts'
import type { OpenRecoveryOptions, Recovery } from './open-recovery.ts'
import { loadSeldom } from './load-seldom.ts'
import type { PairingRequest, RequestPairingOptions } from './request-pairing.ts'
import type { RotatedManagementKey, RotateManagementKeyOptions } from './rotate-management-key.ts'

/**
 * Finds out which keys a recovery phrase can restore. It changes nothing.
 *
 * @throws {VaultError} PHRASE_INVALID when the words are not a phrase, or not that of this account;
 *   RUNTIME_UNSUPPORTED when it may be one whose algorithm Web Crypto does not have here; UNTRUSTED_MANAGEMENT_KEY when the listed account does not contain the first key that the phrase is bound to.
 */
export async function openRecovery(options: OpenRecoveryOptions): Promise<Recovery> {
  return (await loadSeldom()).openRecovery(options)
}

/**
 * Generates a management key for this device, and requests its approval by another device of the owner. The key server
 * transmits both messages and is not trusted: the code contains a secret that it never learns.
 *
 * @throws {VaultError} KEYSTORE_OCCUPIED when the keystore's key is in use; CLOCKS_DIFFER, URL_INVALID, NETWORK, TIMEOUT.
 * @throws {KeyServerError} RATE_LIMITED.
 */
export async function requestPairing(options: RequestPairingOptions): Promise<PairingRequest> {
  return (await loadSeldom()).requestPairing(options)
}

/**
 * Replaces this device's management key: generates a new one, endorses it with the old one, rewraps every key for it, and
 * revokes the old one last. At any time each key can be opened with a management key in one of the two stores; after an
 * interruption the next call continues.
 *
 * @throws {VaultError} KEYSTORE_EMPTY; COPIES_MISSING when a key cannot be opened or verified: then the old management key
 *   stays; NETWORK, TIMEOUT.
 * @throws {KeyServerError} what the key server refuses, e.g. UNAUTHENTICATED when the key was revoked.
 */
export async function rotateManagementKey(
  options: RotateManagementKeyOptions,
): Promise<RotatedManagementKey> {
  return (await loadSeldom()).rotateManagementKey(options)
}

/**
 * Opens a backup. Needs no key server. The result holds the secrets.
 *
 * @throws {VaultError} BACKUP_UNREADABLE; KEY_MISMATCH when a secret is not the one that its certificate confirms.
 */
export async function openBackup(sealed: string, passphrase: string): Promise<Backup> {
  return (await loadSeldom()).openBackup(sealed, passphrase)
}

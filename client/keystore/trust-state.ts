import { VaultError } from '../errors.ts'
import type { SeenAuditHead, SeenManagementKey, SeenTransactionKey, TrustState } from './trust-store.ts'

/**
 * Parses a stored trust state.
 *
 * @throws {VaultError} KEYSTORE_UNREADABLE: a damaged trust state must not count as none.
 */
export function parseTrustState(value: unknown): TrustState {
  const members = membersOf(value)
  const [v, managementKeyId] = [members.get('v'), members.get('managementKeyId')]
  if (v !== 1 || typeof managementKeyId !== 'string') throw unreadable()
  return {
    v,
    managementKeyId,
    transactionKeys: listOf(members.get('transactionKeys')).map(parseTransactionKey),
    managementKeys: listOf(members.get('managementKeys')).map(parseManagementKey),
    ...(members.has('auditHead') && { auditHead: parseAuditHead(members.get('auditHead')) }),
  }
}

function parseTransactionKey(value: unknown): SeenTransactionKey {
  const members = membersOf(value)
  const [id, iat, isRevoked] = [members.get('id'), members.get('iat'), members.get('isRevoked')]
  if (typeof id !== 'string' || typeof iat !== 'number' || typeof isRevoked !== 'boolean') throw unreadable()
  return { id, iat, isRevoked }
}

function parseManagementKey(value: unknown): SeenManagementKey {
  const members = membersOf(value)
  const [id, revokedAt] = [members.get('id'), members.get('revokedAt')]
  if (typeof id !== 'string' || (revokedAt !== null && typeof revokedAt !== 'number')) throw unreadable()
  return { id, revokedAt }
}

function parseAuditHead(value: unknown): SeenAuditHead {
  const members = membersOf(value)
  const [sequence, hash, signedAt] = [members.get('sequence'), members.get('hash'), members.get('signedAt')]
  if (typeof sequence !== 'number' || typeof hash !== 'string' || typeof signedAt !== 'number')
    throw unreadable()
  const recentEntries = members.get('recentEntries')
  return {
    sequence,
    hash,
    signedAt,
    ...(recentEntries !== undefined && { recentEntries: listOf(recentEntries).map(parseRecentEntry) }),
  }
}

function parseRecentEntry(value: unknown): { readonly sequence: number; readonly occurredAt: number } {
  const members = membersOf(value)
  const [sequence, occurredAt] = [members.get('sequence'), members.get('occurredAt')]
  if (typeof sequence !== 'number' || typeof occurredAt !== 'number') throw unreadable()
  return { sequence, occurredAt }
}

function membersOf(value: unknown): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null) throw unreadable()
  return new Map(Object.entries(value))
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw unreadable()
  return value
}

function unreadable(): VaultError {
  return new VaultError('KEYSTORE_UNREADABLE', { detail: 'Its trust state is damaged.' })
}

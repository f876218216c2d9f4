export { accounts, accountUsage, deletedAccounts, invitations } from './accounts.ts'
export { alertKind, alerts, type AlertDetails, type AlertDetailsByKind } from './alerts.ts'
export {
  applicationServerApprovals,
  applicationServerKeys,
  applicationServerProof,
  applicationServers,
  proofTickets,
} from './application-servers.ts'
export { acquisitionPurpose, auditAction, auditChains, auditEntries, auditPending } from './audit.ts'
export { clockSightings, forgottenNonces } from './clock.ts'
export { blockedAddresses, confirmations } from './confirmations.ts'
export { keyChangeKind, keyChangeOutbox, keyChanges } from './key-changes.ts'
export { managementKeyKind, managementKeyOwners, managementKeys } from './management-keys.ts'
export { mismatches, mismatchTelling } from './mismatches.ts'
export { nonces } from './nonces.ts'
export { pairings } from './pairings.ts'
export { rates } from './rates.ts'
export { serverKeys } from './server-keys.ts'
export {
  acquisitions,
  deadlines,
  overusePolicy,
  revocationReason,
  transactionKeys,
  transactionKeyUsage,
  wrappedKeys,
} from './transaction-keys.ts'
export { channelKind, channelLanguage, channelNotice, webhookDeadLetters, webhooks } from './webhooks.ts'

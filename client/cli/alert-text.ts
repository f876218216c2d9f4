import { styleText } from 'node:util'
import type { Alert } from '../index.ts'
import { durationText } from './key-text.ts'
import { printable } from './output.ts'

/** An alert in one line: when, what kind, what about, and the cursor to resume after. */
export function alertLine(alert: Alert): string {
  const words = printable(wordsOf(alert))
  const kind = printable(alert.kind)
  return [
    alert.occurredAt.toISOString(),
    styleText(colorOf(alert), kind),
    ...(words === '' ? [] : [words]),
    styleText('dim', `[${printable(alert.cursor)}]`),
  ].join('  ')
}

/** By the members that an alert has. Empty for a kind that this version knows nothing more of. */
function wordsOf(alert: Alert): string {
  if ('noticeSeconds' in alert) {
    const { transactionKey, expiresAt, noticeSeconds } = alert
    return `${subject(transactionKey)} expires at ${expiresAt.toISOString()}, in ${durationText(noticeSeconds)}`
  }
  if ('expiresAt' in alert) {
    return `${subject(alert.transactionKey)} expired at ${alert.expiresAt.toISOString()}`
  }
  if ('excess' in alert) {
    const what = alert.refused ? 'was refused' : 'was used'
    return `${subject(alert.transactionKey)} ${what} ${alert.excess} time(s) beyond its ${alert.maxUses} use(s)`
  }
  if ('reason' in alert) return `${subject(alert.transactionKey)} was revoked: ${alert.reason}`
  if ('presentedThumbprint' in alert) {
    return `${alert.applicationServer} was shown a key that is not yours: ${alert.presentedThumbprint}`
  }
  if ('byManagementKeyId' in alert) {
    const what = alert.kind === 'MANAGEMENT_KEY_ADDED' ? 'added' : 'revoked'
    return `management key ${alert.managementKeyId} was ${what} by ${alert.byManagementKeyId}`
  }
  if ('keyCount' in alert) {
    const why = alert.kind === 'KEYS_EXPORTED' ? 'for a backup' : 'for another management key'
    return `management key ${alert.managementKeyId} acquired ${alert.keyCount} key(s) ${why}`
  }
  return ''
}

interface Subject {
  readonly id: string
  readonly applicationServer: string
  readonly label: string | null
}

function subject({ id, applicationServer, label }: Subject): string {
  return `key ${id} for ${applicationServer}${label === null ? '' : ` (${label})`}`
}

/** What may be an attack is red. */
function colorOf({ kind }: Alert): 'red' | 'yellow' {
  return kind === 'KEY_EXPIRING' || kind === 'KEY_EXPIRED' ? 'yellow' : 'red'
}

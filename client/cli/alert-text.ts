import { styleText } from 'node:util'
import type { Alert, ConnectionChange } from '../index.ts'
import { durationText } from './key-text.ts'
import { printable } from './output.ts'

/** An alert in one line: when, what kind, what about, and the cursor to resume after. */
export function alertLine(alert: Alert): string {
  const words = printable(wordsOf(alert))
  const kind = printable(alert.kind === 'UNKNOWN' ? alert.name : alert.kind)
  return [
    alert.occurredAt.toISOString(),
    styleText(colorOf(alert), kind),
    ...(words === '' ? [] : [words]),
    styleText('dim', `[${printable(alert.cursor)}]`),
  ].join('  ')
}

/** Empty for a kind that this version knows nothing more of. */
function wordsOf(alert: Alert): string {
  switch (alert.kind) {
    case 'KEY_EXPIRING': {
      const { transactionKey, expiresAt, noticeSeconds } = alert
      return `${subject(transactionKey)} expires at ${expiresAt.toISOString()}, in ${durationText(noticeSeconds)}`
    }
    case 'KEY_EXPIRED':
      return `${subject(alert.transactionKey)} expired at ${alert.expiresAt.toISOString()}`
    case 'KEY_OVERUSED': {
      const what = alert.refused ? 'was refused' : 'was used'
      return `${subject(alert.transactionKey)} ${what} ${alert.excess} time(s) beyond its ${alert.maxUses} use(s)`
    }
    case 'KEY_REVOKED':
      return `${subject(alert.transactionKey)} was revoked: ${alert.reason}`
    case 'PUBLIC_KEY_MISMATCH': {
      const further = alert.furtherKeyCount > 0 ? `, and ${alert.furtherKeyCount} more` : ''
      return `${alert.applicationServer} was shown a key that is not your key for this application server: ${alert.presentedThumbprint}${further}`
    }
    case 'MANAGEMENT_KEY_ADDED':
      return `management key ${alert.managementKeyId} was added by ${alert.byManagementKeyId}`
    case 'MANAGEMENT_KEY_REVOKED':
      return `management key ${alert.managementKeyId} was revoked by ${alert.byManagementKeyId}`
    case 'KEYS_REWRAPPED':
      return `management key ${alert.managementKeyId} acquired ${alert.keyCount} key(s) for another management key`
    case 'KEYS_EXPORTED':
      return `management key ${alert.managementKeyId} acquired ${alert.keyCount} key(s) for a backup`
    case 'CHANNEL_CHANGED': {
      const { channelKind, channelId, change, managementKeyId } = alert
      const by = managementKeyId === null ? '' : ` by management key ${managementKeyId}`
      const channel = channelKind === null ? 'webhook' : `${channelKind.toLowerCase()} channel`
      return `${channel} ${channelId} ${change === 'FAILING' ? 'is' : 'was'} ${change.toLowerCase()}${by}`
    }
    case 'UNKNOWN':
      return ''
  }
}

interface Subject {
  readonly id: string
  readonly applicationServer: string
  readonly label: string | null
}

function subject({ id, applicationServer, label }: Subject): string {
  return `key ${id} for ${applicationServer}${label === null ? '' : ` (${label})`}`
}

/** Alerts of a possible attack are red. */
function colorOf({ kind }: Alert): 'red' | 'yellow' {
  return kind === 'KEY_EXPIRING' || kind === 'KEY_EXPIRED' ? 'yellow' : 'red'
}

const transportNames = {
  websocket: 'a WebSocket',
  'event-stream': 'server-sent events',
  paging: 'asking every few seconds',
} as const

/** A line about the connection for the person who waits; null when it goes without saying. */
export function connectionLine({ state, transport, reason }: ConnectionChange): string | null {
  if (state === 'resumed-from-history') {
    return 'The place of the last time can no longer be read: all alerts that are kept follow, also those seen before.'
  }
  if (state === 'connected') return `Connected, by ${transportNames[transport]}.`
  return state === 'disconnected' ? `Not connected (${reason ?? 'ended'}). Trying again.` : null
}

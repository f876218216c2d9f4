import type { Alert, AlertSubject } from '../../index.ts'
import type { Translator } from '../i18n/translate.ts'
import type { Tone } from '../ui/display.tsx'
import type { IconName } from '../ui/icon.tsx'
import { alertMessages as m } from './alerts.messages.ts'

/** An alert in words and colours. */
export interface AlertView {
  readonly title: string
  readonly text: string
  readonly tone: Tone
  readonly icon: IconName
  /** The transaction key that it is about; null when it is about none. */
  readonly keyId: string | null
}

/** The texts of an alert for its reader. */
export function alertView(alert: Alert, translator: Translator): AlertView {
  const { t, relative } = translator
  switch (alert.kind) {
    case 'KEY_EXPIRING':
      return {
        title: t(m.expiringTitle, { key: nameOf(alert.transactionKey) }),
        text: t(m.expiringText, { when: relative(alert.expiresAt) }),
        tone: 'warn',
        icon: 'clock',
        keyId: alert.transactionKey.id,
      }
    case 'KEY_EXPIRED':
      return {
        title: t(m.expiredTitle, { key: nameOf(alert.transactionKey) }),
        text: t(m.expiredText, { when: relative(alert.expiresAt) }),
        tone: 'bad',
        icon: 'clock',
        keyId: alert.transactionKey.id,
      }
    case 'KEY_OVERUSED':
      return {
        title: t(m.overusedTitle, { key: nameOf(alert.transactionKey) }),
        text: t(alert.refused ? m.overusedRefusedText : m.overusedText, {
          count: alert.excess,
          max: alert.maxUses,
        }),
        tone: 'bad',
        icon: 'flame',
        keyId: alert.transactionKey.id,
      }
    case 'KEY_REVOKED':
      return {
        title: t(m.revokedTitle, { key: nameOf(alert.transactionKey) }),
        text: t(m.revokedText),
        tone: 'info',
        icon: 'stop',
        keyId: alert.transactionKey.id,
      }
    case 'PUBLIC_KEY_MISMATCH':
      return {
        title: t(m.mismatchTitle),
        text: t(m.mismatchText, { server: alert.applicationServer }),
        tone: 'bad',
        icon: 'alert',
        keyId: null,
      }
    case 'MANAGEMENT_KEY_ADDED':
      return {
        title: t(m.deviceAddedTitle),
        text: t(m.deviceAddedText),
        tone: 'warn',
        icon: 'device',
        keyId: null,
      }
    case 'MANAGEMENT_KEY_REVOKED':
      return {
        title: t(m.deviceRevokedTitle),
        text: t(m.deviceRevokedText),
        tone: 'info',
        icon: 'device',
        keyId: null,
      }
    case 'KEYS_REWRAPPED':
      return {
        title: t(m.rewrappedTitle),
        text: t(m.rewrappedText, { count: alert.keyCount }),
        tone: 'info',
        icon: 'copy',
        keyId: null,
      }
    case 'KEYS_EXPORTED':
      return {
        title: t(m.exportedTitle),
        text: t(m.exportedText, { count: alert.keyCount }),
        tone: 'warn',
        icon: 'download',
        keyId: null,
      }
    case 'CHANNEL_CHANGED':
      return {
        title: t(m.channelTitle),
        text: t(m.channelText),
        tone: 'warn',
        icon: 'bell',
        keyId: null,
      }
    case 'UNKNOWN':
      return { title: alert.name, text: t(m.unknownText), tone: 'info', icon: 'bell', keyId: null }
  }
}

function nameOf({ label, applicationServer }: AlertSubject): string {
  return label ?? applicationServer
}

import type { ChannelLanguage } from '../../../schema/wire/enums.ts'
import type { AlertFacts, AlertText, Texts } from './catalogue.ts'
import { de } from './de.ts'
import { en } from './en.ts'

/** The texts of each language. */
export const texts: Readonly<Record<ChannelLanguage, Texts>> = { EN: en, DE: de }

/** Describes an alert in a language. */
export function describe(facts: AlertFacts, { alerts }: Pick<Texts, 'alerts'>): AlertText {
  switch (facts.kind) {
    case 'KEY_EXPIRING':
      return alerts.KEY_EXPIRING(facts)
    case 'KEY_EXPIRED':
      return alerts.KEY_EXPIRED(facts)
    case 'KEY_OVERUSED':
      return alerts.KEY_OVERUSED(facts)
    case 'KEY_REVOKED':
      return alerts.KEY_REVOKED(facts)
    case 'PUBLIC_KEY_MISMATCH':
      return alerts.PUBLIC_KEY_MISMATCH(facts)
    case 'MANAGEMENT_KEY_ADDED':
      return alerts.MANAGEMENT_KEY_ADDED(facts)
    case 'MANAGEMENT_KEY_REVOKED':
      return alerts.MANAGEMENT_KEY_REVOKED(facts)
    case 'KEYS_REWRAPPED':
      return alerts.KEYS_REWRAPPED(facts)
    case 'KEYS_EXPORTED':
      return alerts.KEYS_EXPORTED(facts)
    case 'CHANNEL_CHANGED':
      return alerts.CHANNEL_CHANGED(facts)
  }
}

import { messages } from '../i18n/messages.ts'

/** Words about keys that several pages use. */
export const keyMessages = messages({
  algorithmAES: ['Encrypts and decrypts (AES-256-GCM)', 'Verschlüsselt und entschlüsselt (AES-256-GCM)'],
  algorithmEd25519: ['Signs (Ed25519)', 'Unterschreibt (Ed25519)'],
  algorithmP256: ['Signs (ECDSA P-256)', 'Unterschreibt (ECDSA P-256)'],
  algorithmX25519: ['Agrees on secrets (X25519)', 'Vereinbart Geheimnisse (X25519)'],
  unconfirmed: ['Not confirmed', 'Nicht bestätigt'],
  lastUsed: ['Last used', 'Zuletzt benutzt'],
  never: ['never', 'nie'],
  noEnd: ['No end', 'Kein Ende'],
  noLimit: [
    { one: '{count} use', other: '{count} uses' },
    { one: '{count} Nutzung', other: '{count} Nutzungen' },
  ],
  of: ['{used} of {max}', '{used} von {max}'],
  over: ['{used} of {max}, exceeded', '{used} von {max}, überschritten'],
  stateACTIVE: ['Active', 'Aktiv'],
  stateEXPIRED: ['Expired', 'Abgelaufen'],
  statePENDING: ['Not yet valid', 'Noch nicht gültig'],
  stateREVOKED: ['Revoked', 'Widerrufen'],
  term: ['Term', 'Laufzeit'],
  termRevoked: ['revoked {when}', 'widerrufen {when}'],
  termEnded: ['ended {when}', 'endete {when}'],
  termEnds: ['ends {when}', 'endet {when}'],
  uses: ['Uses', 'Nutzungen'],
})

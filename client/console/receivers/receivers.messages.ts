import { messages } from '../i18n/messages.ts'

export const receiversMessages = messages({
  CHANNEL_CHANGED: ['Where alerts are sent was changed', 'Das Ziel der Meldungen wurde geändert'],
  KEYS_EXPORTED: ['A backup was taken', 'Eine Sicherung wurde gemacht'],
  KEYS_REWRAPPED: ['Keys were copied to a device', 'Schlüssel wurden auf ein Gerät kopiert'],
  KEY_EXPIRED: ['A key has expired', 'Ein Schlüssel ist abgelaufen'],
  KEY_EXPIRING: ['A key expires soon', 'Ein Schlüssel läuft bald ab'],
  KEY_OVERUSED: ['A key is used more than allowed', 'Ein Schlüssel wird öfter benutzt als erlaubt'],
  KEY_REVOKED: ['A key was revoked', 'Ein Schlüssel wurde widerrufen'],
  MANAGEMENT_KEY_ADDED: ['A device was added', 'Ein Gerät kam hinzu'],
  MANAGEMENT_KEY_REVOKED: ['A device was revoked', 'Ein Gerät wurde widerrufen'],
  PUBLIC_KEY_MISMATCH: ['Somebody posed as you', 'Jemand gab sich für dich aus'],
  all: ['All alerts', 'Alle Meldungen'],
  only: ['Only: {kinds}', 'Nur: {kinds}'],
  some: ['Only some', 'Nur manche'],
  which: ['Which alerts', 'Welche Meldungen'],
})

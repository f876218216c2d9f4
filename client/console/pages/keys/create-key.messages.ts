import { messages } from '../../i18n/messages.ts'

export const createKeyMessages = messages({
  aes: ['Encrypt', 'Verschlüsseln'],
  aesHelp: [
    'A secret key for your own data, AES-256-GCM',
    'Ein geheimer Schlüssel für eigene Daten, AES-256-GCM',
  ],
  create: ['Create the key', 'Schlüssel anlegen'],
  done: ['The key is ready', 'Der Schlüssel ist bereit'],
  kind: ['What it is for', 'Wofür er ist'],
  server: ['Application server', 'Anwendungsserver'],
  serverHelp: [
    'The service that will know you by this key, as a rule its web address.',
    'Der Dienst, der dich an diesem Schlüssel erkennt, in der Regel seine Web-Adresse.',
  ],
  sign: ['Sign', 'Unterschreiben'],
  signHelp: ['Prove that it is you, Ed25519', 'Beweisen, dass du es bist, Ed25519'],
  signP256: ['Sign, for older systems', 'Unterschreiben, für ältere Systeme'],
  signP256Help: ['The same with ECDSA P-256', 'Dasselbe mit ECDSA P-256'],
  title: ['New key', 'Neuer Schlüssel'],
  x25519: ['Agree on secrets', 'Geheimnisse vereinbaren'],
  x25519Help: ['Key agreement with others, X25519', 'Schlüsselvereinbarung mit anderen, X25519'],
})

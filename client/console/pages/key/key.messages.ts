import { messages } from '../../i18n/messages.ts'

export const keyPageMessages = messages({
  back: ['All keys', 'Alle Schlüssel'],
  certificate: ['Certificate', 'Zertifikat'],
  certificateChecked: [
    'Signed by a device of yours, and the same as what is shown here',
    'Von einem deiner Geräte unterschrieben und gleich dem, was hier steht',
  ],
  change: ['Change', 'Ändern'],
  changed: ['Changed', 'Geändert'],
  created: ['Created', 'Angelegt'],
  destroy: ['Destroy', 'Vernichten'],
  unconfirmedTitle: ['This key is not confirmed', 'Dieser Schlüssel ist nicht bestätigt'],
  facts: ['Facts', 'Angaben'],
  history: ['Acquisitions', 'Abrufe'],
  historyAll: ['In the audit log', 'Im Protokoll'],
  historyChart: [
    'Acquisitions on each of the last thirty days: {count} granted, {refused} refused',
    'Abrufe an jedem der letzten dreißig Tage: {count} gewährt, {refused} abgelehnt',
  ],
  historyCut: ['The latest 500 are shown.', 'Die letzten 500 werden gezeigt.'],
  historyText: [
    'In the last 30 days: {count} granted, {refused} refused.',
    'In den letzten 30 Tagen: {count} gewährt, {refused} abgelehnt.',
  ],
  id: ['Id', 'Kennung'],
  kind: ['Kind', 'Art'],
  notFoundText: [
    'It may have been opened with another account.',
    'Vielleicht gehört er zu einem anderen Konto.',
  ],
  notFoundTitle: ['There is no such key', 'Diesen Schlüssel gibt es nicht'],
  openableBy: ['Can be opened by', 'Öffnen kann ihn'],
  otherDevice: ['a revoked or unknown device', 'ein widerrufenes oder unbekanntes Gerät'],
  policy: ['Beyond its uses', 'Über die Nutzungen hinaus'],
  publicKey: ['Public key', 'Öffentlicher Schlüssel'],
  publicKeyForm: ['Form', 'Form'],
  publicKeyHelp: ['May be shown to anybody.', 'Darf jeder sehen.'],
  refused: [
    { one: 'refused {count} time', other: 'refused {count} times' },
    { one: '{count} Mal verweigert', other: '{count} Mal verweigert' },
  ],
  revoke: ['Revoke', 'Widerrufen'],
  revokedAt: ['Revoked', 'Widerrufen'],
  rotate: ['Rotate', 'Austauschen'],
  server: ['Application server', 'Anwendungsserver'],
  thumbprint: ['Thumbprint', 'Fingerabdruck'],
})

export const useMessages = messages({
  cipher: ['Encrypted (base64)', 'Verschlüsselt (Base64)'],
  count: [
    'Each press takes the key from the key server, which counts as one use.',
    'Jedes Mal wird der Schlüssel vom Server geholt; das zählt als eine Nutzung.',
  ],
  decrypt: ['Decrypt', 'Entschlüsseln'],
  derive: ['Derive the shared secret', 'Gemeinsames Geheimnis ableiten'],
  encrypt: ['Encrypt', 'Verschlüsseln'],
  inactive: [
    'This key is not active, so it cannot be used.',
    'Dieser Schlüssel ist nicht aktiv und kann nicht benutzt werden.',
  ],
  peer: ['The other side’s public key (JWK)', 'Öffentlicher Schlüssel der Gegenseite (JWK)'],
  plain: ['Text', 'Text'],
  result: ['Result', 'Ergebnis'],
  secret: ['Shared secret (base64)', 'Gemeinsames Geheimnis (Base64)'],
  sign: ['Sign', 'Unterschreiben'],
  signature: ['Signature (base64url)', 'Unterschrift (Base64url)'],
  signText: ['Text to sign', 'Zu unterschreibender Text'],
  textOrCipher: [
    'Text to encrypt, or base64 to decrypt',
    'Text zum Verschlüsseln oder Base64 zum Entschlüsseln',
  ],
  title: ['Use it', 'Benutzen'],
})

import { messages } from '../../i18n/messages.ts'

export const verifyMessages = messages({
  answerIssuer: ['Signed by {issuer} at {when}', 'Signiert von {issuer} um {when}'],
  ask: ['Check it', 'Prüfen'],
  certificateNone: [
    'There is no certificate: that it is theirs is the key server’s word alone.',
    'Es gibt kein Zertifikat: Dass er es ist, sagt allein der Schlüsselserver.',
  ],
  certificatePinned: [
    'The owner’s own device signed what this key is, and the chain leads to the device you know.',
    'Ein Gerät des Besitzers hat unterschrieben, was dieser Schlüssel ist, und die Kette führt zu dem Gerät, das du kennst.',
  ],
  certificateUnpinned: [
    'The owner’s own device signed what this key is. Compare the first device’s fingerprint with them to be sure that it is theirs:',
    'Ein Gerät des Besitzers hat unterschrieben, was dieser Schlüssel ist. Vergleiche den Fingerabdruck des ersten Geräts mit ihm, um sicher zu sein:',
  ],
  certificateWrong: [
    'The certificate does not hold. Do not trust this key.',
    'Das Zertifikat hält der Prüfung nicht stand. Trau diesem Schlüssel nicht.',
  ],
  key: ['The public key that you were shown', 'Der öffentliche Schlüssel, der dir gezeigt wurde'],
  keyHelp: [
    'JWK, PEM or an OpenSSH line. A private key is refused and never sent.',
    'JWK, PEM oder eine OpenSSH-Zeile. Ein privater Schlüssel wird abgelehnt und nie gesendet.',
  ],
  lead: [
    'Is this public key really theirs, for this server, and valid now? Anybody may ask; no account is needed.',
    'Ist dieser öffentliche Schlüssel wirklich seiner, für diesen Server, und jetzt gültig? Das darf jeder fragen, auch ohne Konto.',
  ],
  owner: ['Owner', 'Besitzer'],
  ownerHelp: ['The name of their account.', 'Der Name des Kontos.'],
  pin: ['Fingerprint of a device of theirs that you know', 'Fingerabdruck eines Geräts, das du kennst'],
  pinHelp: [
    'With it, not even the key server can pass off a stranger’s key.',
    'Damit kann dir nicht einmal der Schlüsselserver einen fremden Schlüssel unterschieben.',
  ],
  pinInvalid: ['A fingerprint has 43 characters.', 'Ein Fingerabdruck hat 43 Zeichen.'],
  recognized: ['Recognized: {kind}', 'Erkannt: {kind}'],
  server: ['Application server', 'Anwendungsserver'],
  signatureBad: [
    'The answer is not signed by this key server’s published keys.',
    'Die Antwort ist nicht mit den veröffentlichten Schlüsseln des Servers signiert.',
  ],
  signatureGood: [
    'The answer’s signature was checked here with the key server’s published key',
    'Die Signatur der Antwort wurde hier mit dem veröffentlichten Schlüssel des Servers geprüft',
  ],
  thumbprint: ['Thumbprint', 'Fingerabdruck'],
  title: ['Verify a key', 'Schlüssel prüfen'],
  verdictEXPIRED: ['It is theirs, but its term has ended', 'Er ist es, aber seine Laufzeit ist vorbei'],
  verdictNone: [
    'It is not a key of theirs for this server',
    'Das ist keiner seiner Schlüssel für diesen Server',
  ],
  verdictNoneText: [
    'Or there is no such owner or server here: the answer is the same on purpose.',
    'Oder es gibt hier keinen solchen Besitzer oder Server: Die Antwort ist absichtlich dieselbe.',
  ],
  verdictPENDING: [
    'It is theirs, but its term has not begun',
    'Er ist es, aber seine Laufzeit hat noch nicht begonnen',
  ],
  verdictREVOKED: ['It was theirs and is revoked', 'Er war es und ist widerrufen'],
  verdictValid: ['Yes: it is theirs, and valid now', 'Ja: Er ist es, und er ist jetzt gültig'],
})

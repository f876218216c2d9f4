import type { ErrorCode, VaultErrorCode } from '../../index.ts'
import { messages, type Message } from '../i18n/messages.ts'

/** The meaning of each code for somebody who uses the console, and what they can do. */
export const errorMessages: Readonly<Record<ErrorCode | VaultErrorCode, Message>> = messages({
  RUNTIME_UNSUPPORTED: [
    'This browser cannot do what this needs. Use a newer one, or another kind of key.',
    'Dieser Browser kann nicht, was dafür nötig ist. Bitte einen neueren oder eine andere Schlüsselart nehmen.',
  ],
  UNAUTHENTICATED: [
    'The key server does not accept this browser’s key. It may have been revoked from another device.',
    'Der Schlüsselserver nimmt den Schlüssel dieses Browsers nicht an. Vielleicht wurde er von einem anderen Gerät widerrufen.',
  ],
  FORBIDDEN: ['This is not allowed here.', 'Das ist hier nicht erlaubt.'],
  NOT_FOUND: ['It is not there, or not any more.', 'Das gibt es nicht oder nicht mehr.'],
  CONFLICT: [
    'It is taken already, or was changed meanwhile.',
    'Das ist schon vergeben oder wurde inzwischen geändert.',
  ],
  BAD_USER_INPUT: [
    'The key server does not accept this value.',
    'Der Schlüsselserver nimmt diesen Wert nicht an.',
  ],
  KEY_REVOKED: [
    'This key is revoked and is not given out any more.',
    'Dieser Schlüssel ist widerrufen und wird nicht mehr herausgegeben.',
  ],
  KEY_NOT_YET_VALID: [
    'This key’s term has not begun.',
    'Die Laufzeit dieses Schlüssels hat noch nicht begonnen.',
  ],
  KEY_OVERUSED: [
    'This key has used up its limit, and its policy is to refuse.',
    'Die Nutzungen dieses Schlüssels sind aufgebraucht, und weitere werden verweigert.',
  ],
  CURSOR_EXPIRED: ['These alerts are no longer kept.', 'Diese Meldungen werden nicht mehr aufbewahrt.'],
  QUOTA_EXCEEDED: [
    'This account has as much as it may have.',
    'Dieses Konto hat so viel, wie es haben darf.',
  ],
  RATE_LIMITED: [
    'Too many requests at once. Wait a moment.',
    'Zu viele Anfragen auf einmal. Bitte kurz warten.',
  ],
  TOO_LARGE: [
    'This is more than the key server takes at once.',
    'Das ist mehr, als der Schlüsselserver auf einmal annimmt.',
  ],
  RESYNC_REQUIRED: [
    'The connection fell behind and is made anew.',
    'Die Verbindung kam nicht mit und wird neu aufgebaut.',
  ],
  UNAVAILABLE: [
    'The key server cannot work at the moment.',
    'Der Schlüsselserver kann gerade nicht arbeiten.',
  ],
  INTERNAL_SERVER_ERROR: [
    'The key server met an error of its own.',
    'Im Schlüsselserver ist ein Fehler aufgetreten.',
  ],
  GRAPHQL_PARSE_FAILED: [
    'The key server did not understand the request.',
    'Der Schlüsselserver hat die Anfrage nicht verstanden.',
  ],
  GRAPHQL_VALIDATION_FAILED: [
    'The key server is of another version than this page.',
    'Der Schlüsselserver hat eine andere Version als diese Seite.',
  ],
  URL_INVALID: [
    'Enter an address that begins with https://.',
    'Gib eine Adresse ein, die mit https:// beginnt.',
  ],
  ADDRESS_MISMATCH: [
    'The key server does not know itself by this address. Whoever runs it sets it (PUBLIC_URL).',
    'Der Schlüsselserver kennt sich nicht unter dieser Adresse. Wer ihn betreibt, stellt sie ein (PUBLIC_URL).',
  ],
  ARGUMENT_INVALID: ['This value is not allowed here.', 'Dieser Wert ist hier nicht erlaubt.'],
  KEYSTORE_EMPTY: ['This browser holds no key.', 'Dieser Browser hat keinen Schlüssel.'],
  KEYSTORE_OCCUPIED: [
    'This browser already holds another key.',
    'Dieser Browser hat schon einen anderen Schlüssel.',
  ],
  KEYSTORE_LOCKED: [
    'The passkey or the passphrase was not given, or is another one.',
    'Passkey oder Passphrase fehlt, oder es ist nicht die richtige.',
  ],
  KEYSTORE_EXPOSED: [
    'Others can read where the key is kept.',
    'Andere können lesen, wo der Schlüssel liegt.',
  ],
  KEYSTORE_UNREADABLE: [
    'This browser’s storage cannot be read. Private windows and some settings forbid it.',
    'Der Speicher dieses Browsers lässt sich nicht lesen. Private Fenster und manche Einstellungen verbieten es.',
  ],
  NETWORK: ['The key server is out of reach.', 'Der Schlüsselserver ist nicht erreichbar.'],
  TIMEOUT: [
    'The key server did not answer in time.',
    'Der Schlüsselserver hat nicht rechtzeitig geantwortet.',
  ],
  CLOCKS_DIFFER: [
    'The clocks of this device and of the key server differ too much. Set this device’s clock.',
    'Die Uhren dieses Geräts und des Schlüsselservers gehen zu weit auseinander. Stelle die Uhr dieses Geräts.',
  ],
  ANSWER_MALFORMED: [
    'The key server answered something that makes no sense. Nothing of it was used.',
    'Der Schlüsselserver hat etwas Unsinniges geantwortet. Nichts davon wurde verwendet.',
  ],
  NO_ACTIVE_KEY: [
    'There is no active key for this server.',
    'Für diesen Server gibt es keinen aktiven Schlüssel.',
  ],
  UNWRAP_FAILED: [
    'The wrapped key could not be opened on this device.',
    'Der verpackte Schlüssel ließ sich auf diesem Gerät nicht öffnen.',
  ],
  KEY_MISMATCH: [
    'The key that came back is not the one that was asked for. It was not used.',
    'Es kam ein anderer Schlüssel zurück als verlangt. Er wurde nicht verwendet.',
  ],
  ALGORITHM_MISMATCH: ['This key is of another kind.', 'Dieser Schlüssel ist von anderer Art.'],
  PUBLIC_KEY_INVALID: [
    'This is not an acceptable public key. Nothing was sent.',
    'Das ist kein annehmbarer öffentlicher Schlüssel. Es wurde nichts gesendet.',
  ],
  CERTIFICATE_MISSING: [
    'No device of yours has signed what this key is. It is not used before you have checked it.',
    'Keines deiner Geräte hat unterschrieben, was dieser Schlüssel ist. Er wird nicht benutzt, bevor du ihn geprüft hast.',
  ],
  CERTIFICATE_INVALID: [
    'The key server describes this key otherwise than your device signed it.',
    'Der Schlüsselserver beschreibt diesen Schlüssel anders, als dein Gerät ihn unterschrieben hat.',
  ],
  UNTRUSTED_MANAGEMENT_KEY: [
    'There is a device in this account that none of your devices has approved.',
    'In diesem Konto ist ein Gerät, das keines deiner Geräte freigegeben hat.',
  ],
  ROLLBACK: [
    'The key server shows something older than it has shown before.',
    'Der Schlüsselserver zeigt etwas Älteres als zuvor.',
  ],
  AUDIT_HEAD_INVALID: [
    'This is not a head of the audit log that the key server signed for this account.',
    'Das ist kein Stand des Protokolls, den der Schlüsselserver für dieses Konto unterschrieben hat.',
  ],
  WRAPPING_MISMATCH: [
    'This device keeps keys for itself alone and cannot share them.',
    'Dieses Gerät behält Schlüssel für sich und kann sie nicht teilen.',
  ],
  PAIRING_CODE_INVALID: ['This is not a pairing code.', 'Das ist kein Kopplungscode.'],
  PAIRING_GONE: [
    'This pairing has ended. Start again on the new device.',
    'Diese Kopplung ist abgelaufen. Beginne auf dem neuen Gerät von vorn.',
  ],
  PAIRING_FORGED: [
    'What came through the key server is not from the device that shows this code. Approve nothing, and start again.',
    'Was über den Schlüsselserver kam, stammt nicht von dem Gerät mit diesem Code. Gib nichts frei und beginne von vorn.',
  ],
  PHRASE_INVALID: [
    'These words are not a recovery phrase of this account.',
    'Diese Wörter sind kein Wiederherstellungssatz dieses Kontos.',
  ],
  COPIES_MISSING: ['Some keys could not be opened.', 'Einige Schlüssel ließen sich nicht öffnen.'],
  ACCOUNT_NOT_EMPTY: [
    'This account has other keys already. A backup goes into an empty account.',
    'Dieses Konto hat schon andere Schlüssel. Eine Sicherung gehört in ein leeres Konto.',
  ],
  BACKUP_UNREADABLE: [
    'The backup could not be opened: another passphrase, or no backup.',
    'Die Sicherung ließ sich nicht öffnen: andere Passphrase oder keine Sicherung.',
  ],
  DECRYPT_FAILED: [
    'This was not encrypted with this key, or was changed since.',
    'Das wurde nicht mit diesem Schlüssel verschlüsselt oder seither verändert.',
  ],
})

export const unexpectedError = messages({
  text: [
    'Something unexpected went wrong in this page.',
    'In dieser Seite ist etwas Unerwartetes schiefgegangen.',
  ],
})

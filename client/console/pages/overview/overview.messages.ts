import { messages } from '../../i18n/messages.ts'

export const overviewMessages = messages({
  active: ['Active keys', 'Aktive Schlüssel'],
  allAlerts: ['All alerts', 'Alle Meldungen'],
  allKeys: ['All keys', 'Alle Schlüssel'],
  backupDo: ['Take a backup', 'Sicherung machen'],
  backupDone: ['You have taken a backup', 'Du hast eine Sicherung gemacht'],
  backupText: [
    'A file that opens without any server, for the worst case.',
    'Eine Datei, die sich ohne Server öffnen lässt, für den schlimmsten Fall.',
  ],
  deviceDo: ['Add a device', 'Gerät hinzufügen'],
  deviceDone: ['You have a second device', 'Du hast ein zweites Gerät'],
  deviceText: [
    'With one device alone, losing it means your recovery phrase.',
    'Mit nur einem Gerät bleibt bei Verlust nur der Rettungssatz.',
  ],
  unconfirmed: [
    { one: '{count} key is not confirmed', other: '{count} keys are not confirmed' },
    { one: '{count} Schlüssel ist nicht bestätigt', other: '{count} Schlüssel sind nicht bestätigt' },
  ],
  unconfirmedText: [
    'What the key server says of them is not what your devices signed. They are not used before you have looked.',
    'Was der Schlüsselserver über sie sagt, ist nicht das, was deine Geräte unterschrieben haben. Sie werden nicht benutzt, bevor du nachgesehen hast.',
  ],
  due: ['End within 30 days', 'Enden in 30 Tagen'],
  dueSoon: ['Falls due soon', 'Bald fällig'],
  first: ['Begin with a key', 'Beginne mit einem Schlüssel'],
  firstDo: ['Make your first key', 'Ersten Schlüssel anlegen'],
  hello: ['Hello, {name}', 'Hallo, {name}'],
  latest: ['Latest alerts', 'Neueste Meldungen'],
  nothingDue: ['Nothing ends within 90 days.', 'In den nächsten 90 Tagen endet nichts.'],
  phraseDo: ['Make a recovery phrase', 'Rettungssatz anlegen'],
  phraseDone: ['You have a recovery phrase', 'Du hast einen Rettungssatz'],
  phraseText: [
    'Without it, losing your devices means losing your keys.',
    'Ohne ihn sind mit den Geräten auch die Schlüssel verloren.',
  ],
  quiet: ['No alerts so far.', 'Bisher keine Meldungen.'],
  safe: ['Be safe', 'Auf der sicheren Seite'],
  unread: ['Unread alerts', 'Ungelesene Meldungen'],
  devices: ['Devices', 'Geräte'],
})

import { messages } from '../../i18n/messages.ts'

export const backupMessages = messages({
  again: ['Passphrase once more', 'Passphrase noch einmal'],
  different: ['The two are different.', 'Die beiden sind verschieden.'],
  export: ['Download the backup', 'Sicherung herunterladen'],
  exported: [
    { one: 'Backup with {count} key', other: 'Backup with {count} keys' },
    { one: 'Sicherung mit {count} Schlüssel', other: 'Sicherung mit {count} Schlüsseln' },
  ],
  exportText: [
    'All your keys in one file, encrypted with a passphrase. It opens without any server. Your other devices are told.',
    'Alle deine Schlüssel in einer Datei, mit einer Passphrase verschlüsselt. Sie lässt sich ohne Server öffnen. Deine anderen Geräte erfahren davon.',
  ],
  exportTitle: ['Backup', 'Sicherung'],
  file: ['Choose a file…', 'Datei wählen …'],
  import: ['Restore the keys', 'Schlüssel wiederherstellen'],
  imported: [
    { one: '{count} key restored', other: '{count} keys restored' },
    { one: '{count} Schlüssel wiederhergestellt', other: '{count} Schlüssel wiederhergestellt' },
  ],
  importText: [
    'Into this account, which must have no other keys.',
    'In dieses Konto, das keine anderen Schlüssel haben darf.',
  ],
  importTitle: ['Restore a backup', 'Sicherung zurückspielen'],
  passphrase: ['Passphrase', 'Passphrase'],
  passphraseHelp: [
    '12 characters or more. Without it the file is worth nothing.',
    'Mindestens 12 Zeichen. Ohne sie ist die Datei nichts wert.',
  ],
  phraseHas: ['You have a recovery phrase, made {when}.', 'Du hast einen Rettungssatz, angelegt {when}.'],
  phraseMake: ['Make a recovery phrase', 'Rettungssatz anlegen'],
  phraseNew: ['Make a new one', 'Neuen anlegen'],
  phraseNone: [
    'You have none. If you lose your devices, nobody can bring your keys back.',
    'Du hast keinen. Wenn du deine Geräte verlierst, kann niemand deine Schlüssel zurückholen.',
  ],
  phraseRegistered: ['The recovery phrase is good from now on', 'Der Rettungssatz gilt von nun an'],
  phraseReplace: [
    'An old phrase stays good until you revoke it under Devices.',
    'Ein alter Satz gilt weiter, bis du ihn unter Geräte widerrufst.',
  ],
  phraseTitle: ['Recovery phrase', 'Rettungssatz'],
  progress: ['{done} of {total}…', '{done} von {total} …'],
  skipped: [
    { one: '{count} key was left out', other: '{count} keys were left out' },
    { one: '{count} Schlüssel wurde ausgelassen', other: '{count} Schlüssel wurden ausgelassen' },
  ],
  title: ['Recovery & backup', 'Rettung & Sicherung'],
  viewer: [
    'This page is for viewing only, so it can do neither.',
    'Diese Seite ist nur zum Ansehen und kann beides nicht.',
  ],
})

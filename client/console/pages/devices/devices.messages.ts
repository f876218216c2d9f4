import { messages } from '../../i18n/messages.ts'

export const devicesMessages = messages({
  add: ['Add a device', 'Gerät hinzufügen'],
  addLead: [
    'On the new device choose “I have another device”. Then scan its picture with this one, or paste its code here.',
    'Wähle auf dem neuen Gerät „Ich habe ein anderes Gerät“. Scanne dann sein Bild mit diesem hier, oder füge seinen Code ein.',
  ],
  added: ['The device was added', 'Das Gerät wurde hinzugefügt'],
  addedViewerText: [
    'It reads and follows alerts, and can change nothing.',
    'Es liest mit und folgt den Meldungen, und kann nichts ändern.',
  ],
  addedText: [
    { one: '{count} key was wrapped for it.', other: '{count} keys were wrapped for it.' },
    { one: '{count} Schlüssel wurde für es verpackt.', other: '{count} Schlüssel wurden für es verpackt.' },
  ],
  approve: ['The words are the same', 'Die Wörter sind gleich'],
  code: ['Pairing code', 'Kopplungscode'],
  compare: ['Does the new device show the same words?', 'Zeigt das neue Gerät dieselben Wörter?'],
  compareText: [
    'If even one is another, somebody stands between the two. Then do not approve.',
    'Ist auch nur eines anders, steht jemand dazwischen. Dann gib nicht frei.',
  ],
  created: ['Added {when}', 'Hinzugefügt {when}'],
  device: ['Device', 'Gerät'],
  different: ['They are different', 'Sie sind anders'],
  fingerprint: ['Fingerprint', 'Fingerabdruck'],
  lookUp: ['Look it up', 'Nachsehen'],
  newDevice: ['It calls itself “{name}”', 'Es nennt sich „{name}“'],
  notTrusted: ['Not approved by a device of yours', 'Von keinem deiner Geräte freigegeben'],
  progress: [
    { one: 'Wrapping {done} of {count} key…', other: 'Wrapping {done} of {count} keys…' },
    {
      one: '{done} von {count} Schlüssel wird verpackt …',
      other: '{done} von {count} Schlüsseln werden verpackt …',
    },
  ],
  recovery: ['Recovery phrase', 'Rettungssatz'],
  revoke: ['Revoke {name}', '{name} widerrufen'],
  revokeButton: ['Revoke', 'Widerrufen'],
  revokeConfirm: ['Revoke this device', 'Dieses Gerät widerrufen'],
  revoked: ['The device was revoked', 'Das Gerät wurde widerrufen'],
  revokeText: [
    '“{name}” loses its access at once and for good, and its copies of your keys are erased.',
    '„{name}“ verliert sofort und endgültig den Zugang, und seine Kopien deiner Schlüssel werden gelöscht.',
  ],
  revokeViewerText: [
    '“{name}” loses its access at once and for good. It never had a key of yours.',
    '„{name}“ verliert sofort und endgültig den Zugang. Einen Schlüssel von dir hatte es nie.',
  ],
  thisDevice: ['This device', 'Dieses Gerät'],
  title: ['Devices', 'Geräte'],
  viewer: ['Viewer', 'Nur Ansicht'],
  viewerApprove: ['It asks to be a viewer', 'Es möchte nur ansehen dürfen'],
  viewerApproveText: [
    'It will see your account, keys and alerts and may mark alerts as read. It gets no key, and can change nothing.',
    'Es sieht dein Konto, deine Schlüssel und Meldungen und darf Meldungen als gelesen markieren. Es bekommt keinen Schlüssel und kann nichts ändern.',
  ],
  viewerText: ['Reads, and changes nothing', 'Liest, und ändert nichts'],
  used: ['Last active {when}', 'Zuletzt aktiv {when}'],
})

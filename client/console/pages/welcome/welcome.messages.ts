import { messages } from '../../i18n/messages.ts'

export const welcomeMessages = messages({
  checkError: [
    'That is another word. Look it up once more.',
    'Das ist ein anderes Wort. Sieh noch einmal nach.',
  ],
  checkLead: [
    'Now from your paper, so that you know it is right.',
    'Jetzt von deinem Zettel, damit du weißt, dass er stimmt.',
  ],
  checkTitle: ['Check the words', 'Wörter prüfen'],
  continue: ['Continue', 'Weiter'],
  device: ['What you call this device', 'Wie du dieses Gerät nennst'],
  deviceDefault: ['This browser', 'Dieser Browser'],
  done: ['Finish', 'Fertig'],
  keptBy: ['Where the key that opens all others is kept', 'Wo der Schlüssel liegt, der alle anderen öffnet'],
  keptByBrowser: ['This browser', 'Dieser Browser'],
  keptByBrowserHelp: [
    'It can be used here at once and cannot be copied out.',
    'Er lässt sich hier sofort benutzen und nicht herauskopieren.',
  ],
  keptByPasskey: ['A passkey', 'Ein Passkey'],
  keptByPasskeyHelp: [
    'Sealed in this browser: your face, fingerprint or PIN opens it each time.',
    'In diesem Browser versiegelt: Gesicht, Fingerabdruck oder PIN öffnet ihn jedes Mal.',
  ],
  explore: ['Try the API', 'Die API ausprobieren'],
  invitation: ['Invitation', 'Einladung'],
  invitationHelp: [
    'You get it from whoever runs this key server. It is good once.',
    'Du bekommst sie vom Betreiber dieses Schlüsselservers. Sie gilt einmal.',
  ],
  invitationInvalid: [
    'This is no invitation, or it was used or has run out.',
    'Das ist keine Einladung, oder sie wurde benutzt oder ist abgelaufen.',
  ],
  registrationClosed: [
    'This key server opens no new accounts.',
    'Dieser Schlüsselserver eröffnet keine neuen Konten.',
  ],
  language: ['Language', 'Sprache'],
  name: ['Your user name', 'Dein Benutzername'],
  nameHelp: [
    'Small letters, digits and . _ - @. Services know you by it, so it cannot be changed later.',
    'Kleinbuchstaben, Ziffern und . _ - @. Dienste kennen dich daran; später lässt er sich nicht ändern.',
  ],
  nameInvalid: [
    '3 to 64 small letters, digits, or . _ - @',
    '3 bis 64 Kleinbuchstaben, Ziffern oder . _ - @',
  ],
  nameTaken: [
    'This name is taken. If it is yours, add this browser from another device.',
    'Dieser Name ist vergeben. Wenn er deiner ist, füge diesen Browser von einem anderen Gerät hinzu.',
  ],
  newHelp: [
    'Takes less than a minute. No e-mail, no password.',
    'Dauert keine Minute. Ohne E-Mail, ohne Passwort.',
  ],
  newTitle: ['Start here', 'Neu anfangen'],
  pairCode: ['Pairing code', 'Kopplungscode'],
  pairDevice: ['Everything', 'Alles'],
  pairDeviceHelp: [
    'It gets a copy of every key, and can do what your other device can.',
    'Es bekommt eine Kopie jedes Schlüssels und kann, was dein anderes Gerät kann.',
  ],
  pairGone: [
    'The ten minutes are over, or it was refused. Start again.',
    'Die zehn Minuten sind um, oder es wurde abgelehnt. Beginne von vorn.',
  ],
  pairHelp: ['Your other device approves this browser.', 'Dein anderes Gerät gibt diesen Browser frei.'],
  pairKind: ['What it may do', 'Was es darf'],
  pairLead: [
    'Scan this with your other device, or paste the code there under Devices → Add a device.',
    'Scanne das mit deinem anderen Gerät, oder füge den Code dort unter Geräte → Gerät hinzufügen ein.',
  ],
  pairTitle: ['I have another device', 'Ich habe ein anderes Gerät'],
  pairViewer: ['Only watch', 'Nur zusehen'],
  pairViewerHelp: [
    'It reads and follows alerts. It gets no key, and can change nothing.',
    'Es liest und folgt den Meldungen. Es bekommt keinen Schlüssel und kann nichts ändern.',
  ],
  pairWaiting: ['Waiting for your other device…', 'Warten auf dein anderes Gerät …'],
  pairWords: [
    'Both screens must show these words, in this order',
    'Beide Bildschirme müssen diese Wörter zeigen, in dieser Reihenfolge',
  ],
  passkeyUnsupported: [
    'That passkey cannot seal a key. This browser keeps it instead: go on.',
    'Dieser Passkey kann keinen Schlüssel versiegeln. Stattdessen verwahrt ihn dieser Browser: Mach einfach weiter.',
  ],
  phrase: ['The 24 words', 'Die 24 Wörter'],
  phraseHelp: ['In their order, with spaces between.', 'In ihrer Reihenfolge, mit Leerzeichen dazwischen.'],
  phraseIntro: [
    'If you lose this device, these 24 words bring everything back. Nobody else can: not we, not the key server.',
    'Wenn du dieses Gerät verlierst, bringen diese 24 Wörter alles zurück. Niemand sonst kann das: nicht wir, nicht der Schlüsselserver.',
  ],
  phraseLater: ['Later', 'Später'],
  phraseTitle: ['Write down your recovery phrase', 'Schreib deinen Rettungssatz auf'],
  phraseWarning: [
    'On paper, not in a photo or a note: whoever has the words has your keys.',
    'Auf Papier, nicht als Foto oder Notiz: Wer die Wörter hat, hat deine Schlüssel.',
  ],
  point1: ['Your keys are made here, in your browser', 'Deine Schlüssel entstehen hier, in deinem Browser'],
  point1Text: [
    'The server keeps them in a wrapping that only your devices can open.',
    'Der Server bewahrt sie in einer Hülle, die nur deine Geräte öffnen können.',
  ],
  point2: ['One key for each service', 'Ein Schlüssel für jeden Dienst'],
  point2Text: [
    'With an end, a number of uses, and an off switch.',
    'Mit einem Ende, einer Anzahl von Nutzungen und einem Ausschalter.',
  ],
  point3: ['You hear of it at once', 'Du erfährst es sofort'],
  point3Text: [
    'When a key runs out, is used too often, or somebody poses as you.',
    'Wenn ein Schlüssel abläuft, zu oft benutzt wird oder sich jemand für dich ausgibt.',
  ],
  recoverConfirm: ['Restore on this browser', 'In diesem Browser wiederherstellen'],
  recoverFind: ['Look', 'Nachsehen'],
  recoverFound: [
    { one: '{count} key can be restored.', other: '{count} keys can be restored.' },
    {
      one: '{count} Schlüssel lässt sich wiederherstellen.',
      other: '{count} Schlüssel lassen sich wiederherstellen.',
    },
  ],
  recoverHelp: ['The 24 words that you wrote down.', 'Die 24 Wörter, die du aufgeschrieben hast.'],
  recoverMissing: [
    { one: '{count} key has no copy for this phrase.', other: '{count} keys have no copy for this phrase.' },
    {
      one: '{count} Schlüssel hat keine Kopie für diesen Satz.',
      other: '{count} Schlüssel haben keine Kopie für diesen Satz.',
    },
  ],
  recoverTitle: ['I have a recovery phrase', 'Ich habe einen Rettungssatz'],
  server: ['Key server', 'Schlüsselserver'],
  serverHelp: ['Its address, e.g. https://keys.example', 'Seine Adresse, z. B. https://keys.example'],
  step: ['Step {count} of 3', 'Schritt {count} von 3'],
  subtitle: ['Keys that only you can open', 'Schlüssel, die nur du öffnen kannst'],
  thisBrowser: [
    'This browser will keep the key that opens all others. Nobody can copy it out of here, and there is no password to remember.',
    'Dieser Browser verwahrt den Schlüssel, der alle anderen öffnet. Niemand kann ihn hier herauskopieren, und du musst dir kein Passwort merken.',
  ],
  verify: ['Only check somebody’s key', 'Nur den Schlüssel von jemandem prüfen'],
  viewHelp: [
    'A device of yours approves it. It sees your keys and alerts, and can change nothing.',
    'Ein Gerät von dir gibt ihn frei. Er sieht deine Schlüssel und Meldungen und kann nichts ändern.',
  ],
  viewLead: [
    'Type or paste this code on a device of yours: in its console under Devices → Add a device, or as claviger device approve CODE.',
    'Gib diesen Code auf einem Gerät von dir ein: in seiner Konsole unter Geräte → Gerät hinzufügen, oder mit claviger device approve CODE.',
  ],
  viewTitle: ['Watch from this browser', 'In diesem Browser zusehen'],
  viewerText: [
    'This copy is for viewing only: it comes from the key server itself, and whoever runs it could change the page. To make or use keys, open the console on your own machine or at an address of its own.',
    'Diese Kopie ist nur zum Ansehen: Sie kommt vom Schlüsselserver selbst, und wer ihn betreibt, könnte sie verändern. Um Schlüssel anzulegen oder zu benutzen, öffne die Konsole auf deinem eigenen Rechner oder unter einer eigenen Adresse.',
  ],
  viewerTitle: ['For viewing only', 'Nur zum Ansehen'],
  welcome: ['Welcome', 'Willkommen'],
  word: ['Word {count}', 'Wort {count}'],
})

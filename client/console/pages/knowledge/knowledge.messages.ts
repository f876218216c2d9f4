import { messages } from '../../i18n/messages.ts'

export const knowledgeMessages = messages({
  can: ['What it can do', 'Was er kann'],
  can1: ['Not answer, or answer late.', 'Nicht antworten oder zu spät.'],
  can2: [
    'Refuse to hand out a wrapped key, or lose it. That is what the backup is for.',
    'Einen verpackten Schlüssel nicht herausgeben oder verlieren. Dafür ist die Sicherung da.',
  ],
  can3: [
    'Say something untrue about a key. Your devices check what they signed themselves, and say so.',
    'Etwas Falsches über einen Schlüssel sagen. Deine Geräte prüfen, was sie selbst unterschrieben haben, und sagen es dir.',
  ],
  can4: [
    'Change the pages that it hands out, this one too. That is why a copy elsewhere is for viewing only, and why you can host the console yourself.',
    'Die Seiten verändern, die er ausliefert, auch diese. Deshalb ist eine Kopie von anderswo nur zum Ansehen, und deshalb kannst du die Konsole selbst hosten.',
  ],
  cannot: ['What it cannot do', 'Was er nicht kann'],
  cannot1: [
    'Open a key, sign as you, or read what you encrypted.',
    'Einen Schlüssel öffnen, für dich unterschreiben oder lesen, was du verschlüsselt hast.',
  ],
  cannot2: [
    'Add a device of its own without your devices noticing.',
    'Ein eigenes Gerät hinzufügen, ohne dass deine Geräte es merken.',
  ],
  cannot3: [
    'Slip you another key than the one you made.',
    'Dir einen anderen Schlüssel unterschieben als den, den du angelegt hast.',
  ],
  cannot4: [
    'Bring back what you have lost. Nobody can but your devices, your phrase and your backup.',
    'Zurückholen, was du verloren hast. Das können nur deine Geräte, dein Rettungssatz und deine Sicherung.',
  ],
  lead: [
    'The key server keeps your keys and cannot open them. This is what that means, in full.',
    'Der Schlüsselserver bewahrt deine Schlüssel und kann sie nicht öffnen. Das heißt im Einzelnen:',
  ],
  local: ['What stays in this browser', 'Was in diesem Browser bleibt'],
  local1: [
    'The key of this device, in a form that cannot be copied out.',
    'Der Schlüssel dieses Geräts, in einer Form, die sich nicht herauskopieren lässt.',
  ],
  local2: [
    'What it has seen of the key server, so that it notices when something older is shown.',
    'Was es vom Schlüsselserver gesehen hat, damit es merkt, wenn etwas Älteres gezeigt wird.',
  ],
  local3: [
    'The descriptions that were read last, to be shown while the key server is away. No secrets.',
    'Die zuletzt gelesenen Beschreibungen, um sie zu zeigen, solange der Schlüsselserver fort ist. Keine Geheimnisse.',
  ],
  local4: [
    'How you like this page to look, and the documents that you wrote in the API explorer.',
    'Wie du diese Seite magst, und die Dokumente, die du in der API-Konsole geschrieben hast.',
  ],
  sees: ['What it sees', 'Was er sieht'],
  sees1: [
    'Your account’s name, and the names and public keys of your devices.',
    'Den Namen deines Kontos, die Namen und öffentlichen Schlüssel deiner Geräte.',
  ],
  sees2: [
    'For which application servers you have keys, their labels, public halves, terms and limits.',
    'Für welche Anwendungsserver du Schlüssel hast, ihre Namen, öffentlichen Hälften, Laufzeiten und Grenzen.',
  ],
  sees3: [
    'When a key is fetched, by which device, from which address, and who asks about your public keys.',
    'Wann ein Schlüssel geholt wird, von welchem Gerät, von welcher Adresse, und wer nach deinen öffentlichen Schlüsseln fragt.',
  ],
  seesNot: ['What it never sees', 'Was er nie sieht'],
  seesNot1: [
    'The secret half of any key: it is wrapped here before it leaves.',
    'Die geheime Hälfte eines Schlüssels: Sie wird hier verpackt, bevor sie das Gerät verlässt.',
  ],
  seesNot2: [
    'Your recovery phrase, your passphrases, and the secret in a pairing code.',
    'Deinen Rettungssatz, deine Passphrasen und das Geheimnis im Kopplungscode.',
  ],
  seesNot3: [
    'What you sign, encrypt or decrypt.',
    'Was du unterschreibst, verschlüsselst oder entschlüsselst.',
  ],
  title: ['What the server sees', 'Was der Server sieht'],
})

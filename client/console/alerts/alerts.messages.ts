import { messages } from '../i18n/messages.ts'

export const alertMessages = messages({
  channelText: [
    'Where your alerts are sent, or which of them, was changed. Was this you?',
    'Wohin deine Meldungen gehen, oder welche, wurde geändert. Warst du das?',
  ],
  channelTitle: ['Where alerts are sent was changed', 'Das Ziel der Meldungen wurde geändert'],
  deviceAddedText: [
    'From now on it can do whatever your other devices can. Was this you?',
    'Es kann von nun an alles, was deine anderen Geräte können. Warst du das?',
  ],
  deviceAddedTitle: ['A device was added', 'Ein Gerät kam hinzu'],
  deviceRevokedText: ['It has no access any more.', 'Es hat keinen Zugang mehr.'],
  deviceRevokedTitle: ['A device was revoked', 'Ein Gerät wurde widerrufen'],
  expiredText: [
    'Its term ended {when}. Application servers refuse it.',
    'Die Laufzeit endete {when}. Anwendungsserver lehnen ihn ab.',
  ],
  expiredTitle: ['{key} has expired', '{key} ist abgelaufen'],
  expiringText: ['Its term ends {when}.', 'Die Laufzeit endet {when}.'],
  expiringTitle: ['{key} expires soon', '{key} läuft bald ab'],
  exportedText: [
    {
      one: '{count} key was exported by a device of yours.',
      other: '{count} keys were exported by a device of yours.',
    },
    {
      one: '{count} Schlüssel wurde von einem deiner Geräte exportiert.',
      other: '{count} Schlüssel wurden von einem deiner Geräte exportiert.',
    },
  ],
  exportedTitle: ['A backup was taken', 'Eine Sicherung wurde gemacht'],
  mismatchText: [
    'Somebody showed {server} a public key in your name that is not yours.',
    'Jemand hat {server} in deinem Namen einen öffentlichen Schlüssel gezeigt, der nicht deiner ist.',
  ],
  mismatchTitle: ['Somebody posed as you', 'Jemand gab sich für dich aus'],
  overusedRefusedText: [
    {
      one: 'It was asked for {count} time beyond its {max}. That was refused.',
      other: 'It was asked for {count} times beyond its {max}. That was refused.',
    },
    {
      one: 'Er wurde {count} Mal über die erlaubten {max} hinaus verlangt. Das wurde verweigert.',
      other: 'Er wurde {count} Mal über die erlaubten {max} hinaus verlangt. Das wurde verweigert.',
    },
  ],
  overusedText: [
    {
      one: 'It was used {count} time beyond its {max}.',
      other: 'It was used {count} times beyond its {max}.',
    },
    {
      one: 'Er wurde {count} Mal über die erlaubten {max} hinaus benutzt.',
      other: 'Er wurde {count} Mal über die erlaubten {max} hinaus benutzt.',
    },
  ],
  overusedTitle: ['{key} is used more than allowed', '{key} wird öfter benutzt als erlaubt'],
  revokedText: ['Application servers refuse it from now on.', 'Anwendungsserver lehnen ihn von nun an ab.'],
  revokedTitle: ['{key} was revoked', '{key} wurde widerrufen'],
  rewrappedText: [
    {
      one: '{count} key was wrapped for another device.',
      other: '{count} keys were wrapped for another device.',
    },
    {
      one: '{count} Schlüssel wurde für ein anderes Gerät verpackt.',
      other: '{count} Schlüssel wurden für ein anderes Gerät verpackt.',
    },
  ],
  rewrappedTitle: ['Keys were copied to a device', 'Schlüssel wurden auf ein Gerät kopiert'],
  unknownText: [
    'This page does not know alerts of this kind yet.',
    'Diese Seite kennt Meldungen dieser Art noch nicht.',
  ],
})

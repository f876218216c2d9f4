import { messages } from '../../i18n/messages.ts'

export const webhooksMessages = messages({
  add: ['Add a webhook', 'Webhook hinzufügen'],
  address: ['Address', 'Adresse'],
  addressHelp: ['https, reachable from the key server.', 'https, vom Schlüsselserver aus erreichbar.'],
  dead: [
    { one: '{count} alert was given up', other: '{count} alerts were given up' },
    { one: '{count} Meldung wurde aufgegeben', other: '{count} Meldungen wurden aufgegeben' },
  ],
  delivered: ['Last delivered {when}', 'Zuletzt zugestellt {when}'],
  deliveredNever: ['Nothing delivered yet', 'Noch nichts zugestellt'],
  disabled: [
    'Switched off: the receiver said it is gone (410)',
    'Ausgeschaltet: Der Empfänger sagte, es gebe ihn nicht mehr (410)',
  ],
  emptyText: [
    'Your alerts can be posted to an address of yours, signed as Standard Webhooks say, in order and at least once.',
    'Deine Meldungen können an eine eigene Adresse geschickt werden, signiert nach Standard Webhooks, der Reihe nach und mindestens einmal.',
  ],
  emptyTitle: ['No webhooks', 'Keine Webhooks'],
  failing: ['Failing', 'Scheitert'],
  failingSince: ['Failing since {when}: {failure}', 'Scheitert seit {when}: {failure}'],
  ok: ['Working', 'Funktioniert'],
  redeliver: ['Try again now', 'Jetzt erneut versuchen'],
  redelivered: ['It is tried again', 'Es wird erneut versucht'],
  remove: ['Remove', 'Entfernen'],
  removeConfirm: ['Remove this webhook', 'Diesen Webhook entfernen'],
  removeText: [
    'Nothing more is posted to {url}, and what was not delivered is forgotten.',
    'An {url} wird nichts mehr geschickt, und was nicht zugestellt wurde, ist vergessen.',
  ],
  secret: ['Signing secret', 'Signaturgeheimnis'],
  secretText: [
    'With this the receiver checks that a message is genuine. It is shown only now.',
    'Damit prüft der Empfänger, ob eine Nachricht echt ist. Es wird nur jetzt gezeigt.',
  ],
  title: ['Webhooks', 'Webhooks'],
  waiting: ['Next attempt {when}', 'Nächster Versuch {when}'],
})

import { messages } from '../../i18n/messages.ts'

export const channelsMessages = messages({
  add: ['Add a channel', 'Kanal hinzufügen'],
  addedText: [
    'Follow the link in the mail that is sent there. Nothing else is sent before.',
    'Folge der Verknüpfung in der Mail, die dorthin geht. Vorher wird nichts anderes geschickt.',
  ],
  addedTitle: ['Confirm the address', 'Bestätige die Adresse'],
  addressHelp: ['An e-mail address that you read.', 'Eine E-Mail-Adresse, die du liest.'],
  delivered: ['Last message {when}', 'Letzte Nachricht {when}'],
  deliveredNever: ['No message yet', 'Noch keine Nachricht'],
  disabled: ['Switched off: messages are refused', 'Ausgeschaltet: Nachrichten werden abgelehnt'],
  emptyText: [
    'Your alerts can be sent to you by e-mail, or in Slack, Teams, Discord or ntfy.',
    'Deine Meldungen können dir per E-Mail geschickt werden, oder in Slack, Teams, Discord oder ntfy.',
  ],
  emptyTitle: ['No channels', 'Keine Kanäle'],
  failing: ['Failing', 'Scheitert'],
  failingSince: ['Failing since {when}: {failure}', 'Scheitert seit {when}: {failure}'],
  kind: ['Kind', 'Art'],
  ok: ['Working', 'Funktioniert'],
  remove: ['Remove', 'Entfernen'],
  removeConfirm: ['Remove this channel', 'Diesen Kanal entfernen'],
  removeText: [
    'One last message is sent to {target}, and the key server then forgets it.',
    'An {target} geht noch eine letzte Nachricht, dann vergisst der Schlüsselserver das Ziel.',
  ],
  address: ['Address', 'Adresse'],
  url: ['URL', 'URL'],
  title: ['Channels', 'Kanäle'],
  unconfirmed: ['Not confirmed', 'Nicht bestätigt'],
  unknownTarget: ['The key server can no longer read it', 'Der Schlüsselserver kann es nicht mehr lesen'],
  urlHelp: [
    'The URL that the service gives for messages: an incoming webhook, or a topic of ntfy.',
    'Die URL, die der Dienst für Nachrichten angibt: ein eingehender Webhook oder ein Thema von ntfy.',
  ],
})

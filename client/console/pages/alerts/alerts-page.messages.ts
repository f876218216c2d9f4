import { messages } from '../../i18n/messages.ts'

export const alertsPageMessages = messages({
  all: ['All', 'Alle'],
  emptyText: [
    'You will read here when a key expires, is used too often, or somebody poses as you.',
    'Hier steht, wenn ein Schlüssel abläuft, zu oft benutzt wird oder sich jemand für dich ausgibt.',
  ],
  emptyTitle: ['All quiet', 'Alles ruhig'],
  filter: ['Which alerts', 'Welche Meldungen'],
  important: ['Important', 'Wichtige'],
  list: ['Alerts, newest first', 'Meldungen, neueste zuerst'],
  markAll: ['Mark all as read', 'Alle als gelesen markieren'],
  markUpTo: ['Mark this and older ones as read', 'Diese und ältere als gelesen markieren'],
  nothing: ['No alert fits this filter.', 'Keine Meldung passt zu diesem Filter.'],
  notify: ['Notify me in the background', 'Im Hintergrund benachrichtigen'],
  notifyDenied: [
    'The browser forbids notifications for this page. Allow them in its settings.',
    'Der Browser verbietet Benachrichtigungen für diese Seite. Erlaube sie in seinen Einstellungen.',
  ],
  older: ['Show older ones', 'Ältere zeigen'],
  title: ['Alerts', 'Meldungen'],
  today: ['Today', 'Heute'],
  unread: ['Unread', 'Ungelesen'],
  unreadOnly: ['Unread', 'Ungelesene'],
  yesterday: ['Yesterday', 'Gestern'],
})

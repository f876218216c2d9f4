import { messages } from '../../i18n/messages.ts'

export const timelineMessages = messages({
  chart: [
    'Keys that end in the next twelve months, by month',
    'Schlüssel, die in den nächsten zwölf Monaten enden, nach Monat',
  ],
  cut: ['More keys end later than are shown here.', 'Es enden später noch mehr Schlüssel, als hier stehen.'],
  due: [
    {
      one: '{count} key ends in the next twelve months',
      other: '{count} keys end in the next twelve months',
    },
    {
      one: '{count} Schlüssel endet in den nächsten zwölf Monaten',
      other: '{count} Schlüssel enden in den nächsten zwölf Monaten',
    },
  ],
  emptyText: [
    'No key of yours has an end that lies ahead.',
    'Keiner deiner Schlüssel hat ein Ende, das noch bevorsteht.',
  ],
  emptyTitle: ['Nothing falls due', 'Nichts steht an'],
  later: ['Later', 'Später'],
  lead: ['What ends, and when. You are told before.', 'Was endet und wann. Du wirst vorher benachrichtigt.'],
  month: ['Within 30 days', 'Innerhalb von 30 Tagen'],
  monthKeys: [
    { one: '{month}: {count} key', other: '{month}: {count} keys' },
    { one: '{month}: {count} Schlüssel', other: '{month}: {count} Schlüssel' },
  ],
  more: [
    { one: 'and {count} more', other: 'and {count} more' },
    { one: 'und {count} weiterer', other: 'und {count} weitere' },
  ],
  past: ['Ended in the last 30 days', 'In den letzten 30 Tagen beendet'],
  title: ['Timeline', 'Zeitplan'],
  week: ['Within 7 days', 'Innerhalb von 7 Tagen'],
})

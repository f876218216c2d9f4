import { messages } from '../../i18n/messages.ts'

export const timelineMessages = messages({
  chart: ['Keys that end within a year, by month', 'Schlüssel, die innerhalb eines Jahres enden, nach Monat'],
  cut: ['More keys end later than are shown here.', 'Es enden später noch mehr Schlüssel, als hier stehen.'],
  due: [
    {
      one: '{count} key ends within a year',
      other: '{count} keys end within a year',
    },
    {
      one: '{count} Schlüssel endet innerhalb eines Jahres',
      other: '{count} Schlüssel enden innerhalb eines Jahres',
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

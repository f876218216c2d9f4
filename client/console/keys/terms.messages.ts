import { messages } from '../i18n/messages.ts'

export const termsMessages = messages({
  date: ['On a date', 'An einem Tag'],
  days30: ['30 days', '30 Tage'],
  days90: ['90 days', '90 Tage'],
  endsOn: ['Ends on', 'Endet am'],
  label: ['Label', 'Name'],
  labelHelp: [
    'What you call it. Application servers do not see it.',
    'Wie du ihn nennst. Anwendungsserver sehen das nicht.',
  ],
  maxUses: ['Most uses', 'Höchstens so oft'],
  maxUsesHelp: ['Leave empty for no limit.', 'Leer lassen für unbegrenzt.'],
  maxUsesInvalid: ['Enter a whole number of 1 or more.', 'Gib eine ganze Zahl ab 1 ein.'],
  never: ['No end', 'Kein Ende'],
  NOTIFY: ['Allow it, and tell me', 'Erlauben und mir melden'],
  policy: ['When it is used more often', 'Wenn er öfter benutzt wird'],
  REFUSE: ['Refuse it, and tell me', 'Verweigern und mir melden'],
  term: ['Valid for', 'Gültig für'],
  year: ['1 year', '1 Jahr'],
})

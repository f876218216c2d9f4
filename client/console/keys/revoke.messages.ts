import { messages } from '../i18n/messages.ts'

export const revokeMessages = messages({
  cessation: ['It is no longer needed', 'Er wird nicht mehr gebraucht'],
  compromised: ['Somebody else may have it', 'Jemand anders könnte ihn haben'],
  confirm: [
    { one: 'Revoke {count} key', other: 'Revoke {count} keys' },
    { one: '{count} Schlüssel widerrufen', other: '{count} Schlüssel widerrufen' },
  ],
  done: [
    { one: '{count} key revoked', other: '{count} keys revoked' },
    { one: '{count} Schlüssel widerrufen', other: '{count} Schlüssel widerrufen' },
  ],
  reason: ['Why', 'Warum'],
  superseded: ['Another key takes its place', 'Ein anderer Schlüssel tritt an seine Stelle'],
  title: ['Revoke', 'Widerrufen'],
  unspecified: ['I would rather not say', 'Ohne Angabe'],
  warning: [
    'This is final. Application servers refuse the key from now on, and it is not given out any more, not to you either.',
    'Das ist endgültig. Anwendungsserver lehnen den Schlüssel von nun an ab, und er wird nicht mehr herausgegeben, auch dir nicht.',
  ],
})

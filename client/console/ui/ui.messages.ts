import { messages } from '../i18n/messages.ts'

/** Words of the parts that every page is made of. */
export const uiMessages = messages({
  back: ['Back', 'Zurück'],
  cancel: ['Cancel', 'Abbrechen'],
  close: ['Close', 'Schließen'],
  copied: ['Copied', 'Kopiert'],
  copyOf: ['Copy: {name}', 'Kopieren: {name}'],
  dismiss: ['Dismiss', 'Ausblenden'],
  loading: ['Loading…', 'Wird geladen …'],
  notifications: ['Notifications', 'Meldungen'],
  optional: ['optional', 'freiwillig'],
  retry: ['Try again', 'Erneut versuchen'],
  save: ['Save', 'Speichern'],
  typeToConfirm: ['Type {name} to confirm', 'Zum Bestätigen {name} eintippen'],
  undo: ['Undo', 'Rückgängig'],
})

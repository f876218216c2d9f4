import { messages } from '../../i18n/messages.ts'

export const explorerMessages = messages({
  document: ['Document', 'Dokument'],
  example: ['Example', 'Beispiel'],
  keys: ['Ctrl + Enter runs it.', 'Strg + Eingabe führt es aus.'],
  lead: [
    'Runs GraphQL at the key server, signed by this browser’s key: what you send has its effect.',
    'Führt GraphQL am Schlüsselserver aus, mit dem Schlüssel dieses Browsers signiert: Was du sendest, wirkt.',
  ],
  result: ['Result', 'Ergebnis'],
  run: ['Run', 'Ausführen'],
  stop: ['Stop', 'Anhalten'],
  title: ['API explorer', 'API-Konsole'],
  variables: ['Variables (JSON)', 'Variablen (JSON)'],
  variablesWrong: ['This is no JSON object.', 'Das ist kein JSON-Objekt.'],
  viewer: [
    'With a viewer’s key queries and subscriptions run. The key server refuses what changes something.',
    'Mit einem Schlüssel zum Ansehen laufen Abfragen und Abonnements. Was etwas ändert, lehnt der Schlüsselserver ab.',
  ],
  waiting: ['Waiting for what comes…', 'Warten auf das, was kommt …'],
})

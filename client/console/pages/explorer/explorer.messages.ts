import { messages } from '../../i18n/messages.ts'

export const explorerMessages = messages({
  document: ['Document', 'Dokument'],
  example: ['Example', 'Beispiel'],
  keys: ['Ctrl + Enter runs it.', 'Strg + Eingabe führt es aus.'],
  lead: [
    'Runs GraphQL at the key server, signed: what you send has its effect.',
    'Führt GraphQL am Schlüsselserver aus, signiert: Was du sendest, wirkt.',
  ],
  ownKey: ['My account', 'Mein Konto'],
  result: ['Result', 'Ergebnis'],
  run: ['Run', 'Ausführen'],
  signer: ['Signed for', 'Signiert für'],
  stop: ['Stop', 'Anhalten'],
  throwAway: ['A throw-away account', 'Ein Wegwerfkonto'],
  throwAwayText: [
    'It is made when you first run something, and its key is forgotten with this page. Your own account stays as it is.',
    'Es entsteht beim ersten Ausführen, und sein Schlüssel ist mit dieser Seite vergessen. Dein eigenes Konto bleibt, wie es ist.',
  ],
  title: ['API explorer', 'API-Konsole'],
  variables: ['Variables (JSON)', 'Variablen (JSON)'],
  variablesWrong: ['This is no JSON object.', 'Das ist kein JSON-Objekt.'],
  viewer: [
    'With a viewer’s key queries and subscriptions run. The key server refuses what changes something.',
    'Mit einem Schlüssel zum Ansehen laufen Abfragen und Abonnements. Was etwas ändert, lehnt der Schlüsselserver ab.',
  ],
  waiting: ['Waiting for what comes…', 'Warten auf das, was kommt …'],
})

import { messages } from '../i18n/messages.ts'

export const bulkMessages = messages({
  progress: ['Done: {done} of {count} keys', 'Erledigt: {done} von {count} Schlüsseln'],
})

export const rotateMessages = messages({
  confirm: ['Rotate now', 'Jetzt austauschen'],
  done: [
    { one: '{count} key was rotated', other: '{count} keys were rotated' },
    { one: '{count} Schlüssel wurde ausgetauscht', other: '{count} Schlüssel wurden ausgetauscht' },
  ],
  text: [
    'A new key of the same kind and with the same limits takes the place of each, and the old one is revoked in the same moment. Anything that the old one encrypted must be opened before.',
    'Ein neuer Schlüssel gleicher Art mit gleichen Grenzen tritt jeweils an die Stelle, und der alte wird im selben Augenblick widerrufen. Was der alte verschlüsselt hat, muss vorher geöffnet werden.',
  ],
  title: ['Rotate', 'Austauschen'],
})

export const destroyMessages = messages({
  confirm: ['Destroy for good', 'Endgültig vernichten'],
  done: [
    { one: '{count} key is destroyed', other: '{count} keys are destroyed' },
    { one: '{count} Schlüssel ist vernichtet', other: '{count} Schlüssel sind vernichtet' },
  ],
  phrase: ['{count} keys', '{count} Schlüssel'],
  title: [
    { one: 'Destroy {count} key', other: 'Destroy {count} keys' },
    { one: '{count} Schlüssel vernichten', other: '{count} Schlüssel vernichten' },
  ],
  warning: [
    'Every copy of the secret is erased, on the key server for all your devices. Anything encrypted with it can never be opened again. Nobody can undo this.',
    'Jede Kopie des Geheimnisses wird gelöscht, auf dem Schlüsselserver für alle deine Geräte. Was damit verschlüsselt wurde, lässt sich nie mehr öffnen. Das kann niemand rückgängig machen.',
  ],
})

export const changeTermMessages = messages({
  confirm: [
    { one: 'Change {count} key', other: 'Change {count} keys' },
    { one: '{count} Schlüssel ändern', other: '{count} Schlüssel ändern' },
  ],
  done: [
    { one: 'The term of {count} key was changed', other: 'The terms of {count} keys were changed' },
    {
      one: 'Die Gültigkeit von {count} Schlüssel wurde geändert',
      other: 'Die Gültigkeit von {count} Schlüsseln wurde geändert',
    },
  ],
  title: ['Change the term', 'Gültigkeit ändern'],
})

import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { alertLine } from '../../../client/cli/alert-text.ts'
import type { Alert } from '../../../client/index.ts'

const common = { cursor: 'CURSOR', occurredAt: new Date(0), acknowledgedAt: null }

const lineOf = (alert: Alert) => stripVTControlCharacters(alertLine(alert))

test("a mismatch does not say that the key is a stranger's: it may be the owner's for another application server", () => {
  const line = lineOf({
    ...common,
    kind: 'PUBLIC_KEY_MISMATCH',
    applicationServer: 'https://shop.example',
    presentedThumbprint: 'THUMBPRINT',
    furtherKeyCount: 0,
  })
  expect(line).toBe(
    '1970-01-01T00:00:00.000Z  PUBLIC_KEY_MISMATCH  https://shop.example was shown a key that is not your key for ' +
      'this application server: THUMBPRINT  [CURSOR]',
  )
})

test('an alert of a kind that is not known yet is told by its name', () => {
  const { acknowledgedAt: _none, ...facts } = common
  expect(lineOf({ ...facts, kind: 'UNKNOWN', name: 'KEY_BLESSED' })).toBe(
    '1970-01-01T00:00:00.000Z  KEY_BLESSED  [CURSOR]',
  )
})

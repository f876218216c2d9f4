import { expect, test } from 'vitest'
import { createVerifier } from '../../../client/verifier/create-verifier.ts'
import { VerifierError } from '../../../client/verifier-error.ts'
import { createBench, knownKey, shop, statusOf } from '../../support/verifier.ts'

test('a listener that rejects changes nothing', async () => {
  const onEvent = (): unknown => Promise.reject(new Error('broken metrics'))
  const bench = createBench({ onEvent })
  expect(await statusOf(bench, await knownKey(bench))).toBe('valid')
  await new Promise((resolve) => setImmediate(resolve))
})

test('a listener that throws changes nothing', async () => {
  const bench = createBench({
    onEvent: () => {
      throw new Error('broken metrics')
    },
  })
  expect(await statusOf(bench, await knownKey(bench))).toBe('valid')
})

test.each([
  ['an invalid URL', { url: 'keys' }, VerifierError],
  ['a cache time of more than a minute', { cacheSeconds: 61 }, RangeError],
  ['a cache time that is not a number', { cacheSeconds: Number.NaN }, RangeError],
  ['an empty name', { applicationServer: '' }, RangeError],
  ['an unknown choice', { whenUnavailable: JSON.parse('"stale"') }, TypeError],
  ['signed answers without keys', { signedAnswers: JSON.parse('true') }, TypeError],
  ['certificates without pins', { certificates: JSON.parse('{}') }, TypeError],
  ['a name that is not a URL, without origins', { applicationServer: 'the shop' }, TypeError],
])('%s is refused at once', (_what, options, type) => {
  expect(() => createVerifier({ url: 'https://keys.example', applicationServer: shop, ...options })).toThrow(
    type,
  )
})

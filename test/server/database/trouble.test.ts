import { pino } from 'pino'
import { expect, test } from 'vitest'
import { describeTrouble, troubleOf } from '../../../server/database/trouble.ts'
import { createErrorMask } from '../../../server/graphql/errors.ts'

const withCode = (code: string) => Object.assign(new Error('secret'), { code })

test.each([
  ['25006', 'read-only'],
  ['53100', 'disk'],
  ['53200', 'memory'],
  ['53300', 'no connection left'],
  ['53400', 'resources'],
  ['58030', 'files'],
  ['58P01', 'system'],
  ['28P01', 'login'],
  ['3D000', 'does not exist'],
  ['57P01', 'reached'],
  ['57P03', 'reached'],
  ['ECONNREFUSED', 'reached'],
  ['ERR_SOCKET_CLOSED', 'reached'],
  ['CERT_HAS_EXPIRED', 'reached'],
])('%s of the database is UNAVAILABLE with Retry-After, and named', (code, word) => {
  const wrapped = new Error('Failed query: SELECT secret', { cause: withCode(code) })
  const trouble = troubleOf(wrapped)
  expect(trouble && describeTrouble(trouble)).toContain(word)
  expect(trouble?.code).toBe(code)
  const { message, extensions } = createErrorMask(pino({ level: 'silent' }))(wrapped)
  expect(message).not.toContain('secret')
  expect(extensions).toMatchObject({
    code: 'UNAVAILABLE',
    retryAfterSeconds: expect.any(Number),
    http: { status: 503, headers: { 'Retry-After': expect.stringMatching(/^[1-9]\d*$/) } },
  })
})

test.each(['23505', '42P01', '22P02', '42601'])('%s is a fault of a statement, and stays one', (code) => {
  expect(troubleOf(withCode(code))).toBeNull()
  const { extensions } = createErrorMask(pino({ level: 'silent' }))(withCode(code))
  expect(extensions).toMatchObject({ code: 'INTERNAL_SERVER_ERROR' })
})

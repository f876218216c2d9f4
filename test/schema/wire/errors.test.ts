import { describe, expect, test } from 'vitest'
import {
  badInput,
  errorCodes,
  KeyServerError,
  notFound,
  signatureRefusals,
  signatureRefused,
} from '../../../schema/wire/errors.ts'

describe('the table of errors', () => {
  test('has each code and each reason once, in capitals', () => {
    const names = [...errorCodes, ...signatureRefusals]
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[A-Z][A-Z_]+[A-Z]$/)
  })

  test.each([...signatureRefusals])('%s is UNAUTHENTICATED, with a sentence of its own', (reason) => {
    const error = signatureRefused(reason)
    expect(error).toBeInstanceOf(KeyServerError)
    expect(error).toMatchObject({ name: 'KeyServerError', code: 'UNAUTHENTICATED', details: { reason } })
    expect(error.message).toMatch(/^[A-Z].+\.$/)
    expect(Object.keys(error.details)).toEqual(['reason'])
  })

  test("the server's clock is told as RFC 3339", () => {
    const serverTime = new Date(Date.UTC(2026, 10, 23, 6, 21))
    expect(signatureRefused('SIGNATURE_EXPIRED', { serverTime }).details).toEqual({
      reason: 'SIGNATURE_EXPIRED',
      serverTime: '2026-11-23T06:21:00.000Z',
    })
  })

  test('a refused argument is named by its path', () => {
    expect(badInput('input.publicKey', 'It is none.')).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: 'It is none.',
      details: { field: 'input.publicKey' },
    })
  })

  test('what does not exist and what is not yours make equal errors', () => {
    expect(notFound('transaction key')).toEqual(notFound('transaction key'))
    expect(notFound('transaction key')).toMatchObject({ code: 'NOT_FOUND', details: {} })
  })
})

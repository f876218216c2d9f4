import { randomUUID } from 'node:crypto'
import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  parseTransactionKeyId,
  toAccountId,
  toApplicationServerId,
  toApplicationServerKeyId,
  toCompactJwe,
  toManagementKeyId,
  type AccountId,
  type ApplicationServerId,
  type ManagementKeyId,
  type TransactionKeyId,
} from '../../../schema/wire/brands.ts'
import { toPrincipal, type AccountPrincipal } from '../../../server/auth/principal.ts'

const thumbprint = `${'0'.repeat(42)}A`

describe('an id that was parsed', () => {
  const parsers = [
    ['an account', toAccountId, randomUUID()],
    ['an application server', toApplicationServerId, randomUUID()],
    ['a management key', toManagementKeyId, thumbprint],
    ["an application server's key", toApplicationServerKeyId, thumbprint],
    ['a wrapped key', toCompactJwe, 'eyJh..aXY.Y2lwaGVy.dGFn'],
  ] as const

  test.for(parsers)('of %s is the text itself', ([, parse, text]) => {
    expect(parse(text)).toBe(text)
  })

  test.for(parsers)('of %s has no other form, and the error does not repeat it', ([, parse, text]) => {
    for (const malformed of ['', ` ${text}`, `${text}\n`, `${text}!`, 'secret-of-somebody']) {
      expect(() => parse(malformed)).toThrow(TypeError)
      expect(() => parse(malformed)).not.toThrow(/secret/)
    }
  })

  test('of a transaction key is read in any case, and is null when it is malformed', () => {
    const id = randomUUID()
    expect(parseTransactionKeyId(id.toUpperCase())).toBe(id)
    for (const malformed of ['', `${id}0`, `{${id}}`, id.replaceAll('-', ''), `${id}\n`]) {
      expect(parseTransactionKeyId(malformed)).toBeNull()
    }
  })

  test('of one thing is not of the type of another', () => {
    expectTypeOf<AccountId>().toExtend<string>()
    expectTypeOf<string>().not.toExtend<AccountId>()
    expectTypeOf<ApplicationServerId>().not.toExtend<AccountId>()
    expectTypeOf<TransactionKeyId>().not.toExtend<AccountId>()
    expectTypeOf<AccountPrincipal['accountId']>().toEqualTypeOf<AccountId>()
    expectTypeOf<AccountPrincipal['managementKeyId']>().toEqualTypeOf<ManagementKeyId>()
  })
})

test('a principal has the ids of its kind, and malformed ones make none', () => {
  const registered = { principalId: randomUUID(), isViewer: false }
  const { principalId } = registered
  const account = { kind: 'ACCOUNT', principalId, keyId: thumbprint, isViewer: false }
  expect(toPrincipal({ kind: 'ACCOUNT', ...registered }, thumbprint)).toEqual(account)
  const applicationServer = { kind: 'APPLICATION_SERVER', principalId, keyId: thumbprint }
  expect(toPrincipal({ kind: 'APPLICATION_SERVER', ...registered }, thumbprint)).toEqual(applicationServer)
  for (const kind of ['ACCOUNT', 'APPLICATION_SERVER'] as const) {
    expect(() => toPrincipal({ kind, ...registered, principalId: 'x' }, thumbprint)).toThrow(TypeError)
    expect(() => toPrincipal({ kind, ...registered }, 'x')).toThrow(TypeError)
  }
})

import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { keyLines, keyTable } from '../../../client/cli/key-text.ts'
import type { TransactionKey } from '../../../client/index.ts'

const key: TransactionKey = {
  id: '6f1b2c3d-0000-4000-8000-000000000001',
  applicationServer: 'https://shop.example',
  label: 'Till 3',
  publicKey: null,
  thumbprint: null,
  state: 'ACTIVE',
  notBefore: null,
  expiresAt: null,
  expiryNotices: [],
  maxUses: null,
  useCount: 1,
  refusedCount: 0,
  overusePolicy: 'NOTIFY',
  lastUsedAt: null,
  createdAt: new Date(0),
  revokedAt: null,
  revocationReason: null,
  wrappedFor: [],
  certificate: null,
  revocation: null,
  possession: null,
  isPossessionProved: false,
  trustError: null,
}

const textOf = (lines: readonly string[]) => stripVTControlCharacters(lines.join('\n'))

test('what is wrong with a description is shown with the key and in the list', () => {
  for (const show of [keyLines, (shown: TransactionKey) => keyTable([shown])]) {
    expect(textOf(show({ ...key, trustError: 'ROLLBACK' }))).toMatch(/not confirmed.*ROLLBACK/i)
    expect(textOf(show(key))).not.toMatch(/not confirmed/i)
  }
})

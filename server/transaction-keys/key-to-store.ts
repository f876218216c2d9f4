import { createHash } from 'node:crypto'
import { z } from 'zod'
import { overusePolicies } from '../../schema/wire/enums.ts'
import {
  applicationServer,
  expiryNotices,
  instant,
  label,
  maxUses,
  parseInput,
  publicJwk,
  statementOf,
  uuid,
} from '../lib/input.ts'
import { assertTerm } from './term.ts'
import { assertRecipients, wrappedKeysInput } from './wrapped-keys-input.ts'

const storeTransactionKeyInput = z.object({
  id: uuid,
  applicationServer,
  label: label.nullish().transform((value) => value ?? null),
  publicKey: publicJwk.nullish().transform((value) => value ?? null),
  wrappedKeys: wrappedKeysInput,
  notBefore: instant.nullish().transform((value) => value ?? null),
  expiresAt: instant.nullish().transform((value) => value ?? null),
  expiryNotices: expiryNotices.nullish().transform((value) => value ?? null),
  maxUses: maxUses.nullish().transform((value) => value ?? null),
  overusePolicy: z
    .enum(overusePolicies)
    .nullish()
    .transform((value) => value ?? 'NOTIFY'),
  certificate: statementOf('claviger-key+jwt')
    .nullish()
    .transform((value) => value ?? null),
  possession: statementOf('claviger-possession+jwt')
    .nullish()
    .transform((value) => value ?? null),
})

/** A transaction key to store, parsed. */
export type KeyToStore = z.infer<typeof storeTransactionKeyInput>

/** @throws {KeyServerError} BAD_USER_INPUT */
export function parseKeyToStore(input: unknown): KeyToStore {
  const key = parseInput(storeTransactionKeyInput, input, 'input')
  assertTerm(key)
  assertRecipients(key.wrappedKeys, 'input.wrappedKeys')
  return key
}

/**
 * SHA-256 of a key's content, in hex. Equal content has an equal hash: the parser fixes the order of members, and the wrapped
 * keys are sorted.
 */
export function hashContent(key: KeyToStore): string {
  const wrappedKeys = key.wrappedKeys.map(({ managementKeyId, jwe }) => [managementKeyId, jwe.compact])
  const content = JSON.stringify({
    ...key,
    wrappedKeys: wrappedKeys.sort(),
    certificate: key.certificate?.compact,
    possession: key.possession?.compact,
  })
  return createHash('sha256').update(content).digest('hex')
}

import { createHash } from 'node:crypto'
import { z } from 'zod'
import { overusePolicies } from '../../schema/wire/enums.ts'
import { badInput } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import {
  applicationServer,
  expiryNotices,
  instant,
  jwe,
  label,
  maxUses,
  parseInput,
  publicJwk,
  statementOf,
  uuid,
} from '../lib/input.ts'
import { assertTerm } from './term.ts'

const storeTransactionKeyInput = z.object({
  id: uuid,
  applicationServer,
  label: label.nullish().transform((value) => value ?? null),
  publicKey: publicJwk.nullish().transform((value) => value ?? null),
  wrappedKeys: z
    .array(z.object({ managementKeyId: z.string(), jwe }))
    .min(1, { error: 'There is at least one wrapped key.' })
    .max(limits.batchMax, { error: `There are at most ${String(limits.batchMax)} wrapped keys.` }),
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
  const seen = new Set<string>()
  for (const [index, { managementKeyId, jwe }] of key.wrappedKeys.entries()) {
    const path = `input.wrappedKeys.${String(index)}`
    if (jwe.header.kid !== managementKeyId) {
      throw badInput(`${path}.jwe`, "The JWE's kid must be the management key that it is stored for.")
    }
    if (seen.has(managementKeyId))
      throw badInput(path, 'A transaction key is wrapped once for a management key.')
    seen.add(managementKeyId)
  }
  return key
}

/** SHA-256 of a key's content, in hex. Equal content has an equal hash: the parser fixes the order of members,and the wrapped keys are
 * sorted.
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

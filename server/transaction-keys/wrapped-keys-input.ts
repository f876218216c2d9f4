import { z } from 'zod'
import { badInput } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import { jwe } from '../lib/input.ts'

/** Parses the wrapped keys of one transaction key. */
export const wrappedKeysInput = z
  .array(z.object({ managementKeyId: z.string(), jwe }))
  .min(1, { error: 'There is at least one wrapped key.' })
  .max(limits.batchMax, { error: `There are at most ${String(limits.batchMax)} wrapped keys.` })

/**
 * Checks that each JWE names the management key that it is stored for, and that there is one for each.
 *
 * @throws {KeyServerError} BAD_USER_INPUT below `path`
 */
export function assertRecipients(wrappedKeys: z.infer<typeof wrappedKeysInput>, path: string): void {
  const seen = new Set<string>()
  for (const [index, { managementKeyId, jwe: wrapped }] of wrappedKeys.entries()) {
    const at = `${path}.${String(index)}`
    if (wrapped.header.kid !== managementKeyId) {
      throw badInput(`${at}.jwe`, "The JWE's kid must be the management key that it is stored for.")
    }
    if (seen.has(managementKeyId))
      throw badInput(at, 'A transaction key is wrapped once for a management key.')
    seen.add(managementKeyId)
  }
}

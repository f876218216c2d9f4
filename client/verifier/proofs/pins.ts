import { parseSigningJwk } from '../../../schema/wire/keys/jwk.ts'
import { isThumbprint } from '../../../schema/wire/brands.ts'
import { thumbprint } from '../../../schema/wire/keys/thumbprint.ts'
import { VaultError } from '../../errors.ts'
import type { ListedManagementKey } from '../../trust/follow-endorsements.ts'
import type { EventListener } from '../events.ts'
import { withTimeout } from '../with-timeout.ts'

/** A management key of an owner: its id (RFC 7638 thumbprint), or its public signing key as a JWK. */
export type Pin = string | object

/**
 * Returns the management keys that an application server holds to be an owner's, within 2 seconds. Null: none is known; an
 * empty list: none of the owner's keys is accepted.
 */
export type PinsOf = (owner: string) => readonly Pin[] | null | Promise<readonly Pin[] | null>

/** By id; null for a key whose id alone is known. */
export type Pins = ReadonlyMap<string, ListedManagementKey | null>

/** Time-out of {@link PinsOf}, in milliseconds. */
const timeoutMs = 2000

/**
 * Reads the pins of an owner. When that fails no key is accepted, as when the key server does not answer.
 *
 * @returns null when nothing is pinned
 * @throws {VaultError} ANSWER_MALFORMED
 */
export async function readPins(
  owner: string,
  { pinsOf, onEvent }: { readonly pinsOf: PinsOf; readonly onEvent: EventListener },
): Promise<Pins | null> {
  try {
    const pins: unknown = await withTimeout(Promise.resolve(pinsOf(owner)), timeoutMs)
    return pins === null ? null : await parsePins(pins)
  } catch {
    const detail = 'The pins of an owner could not be read.'
    onEvent({ type: 'answer-refused', detail })
    throw new VaultError('ANSWER_MALFORMED', { detail })
  }
}

async function parsePins(pins: unknown): Promise<Pins> {
  if (!Array.isArray(pins)) throw new TypeError('Pins are a list, or null.')
  const parsed = new Map<string, ListedManagementKey | null>()
  for (const pin of pins) {
    const [id, key] = await parsePin(pin)
    // A key may be pinned twice, once by its id alone: the public key is kept.
    parsed.set(id, key ?? parsed.get(id) ?? null)
  }
  return parsed
}

async function parsePin(pin: unknown): Promise<[string, ListedManagementKey | null]> {
  if (typeof pin === 'string') {
    if (isThumbprint(pin)) return [pin, null]
    throw new TypeError('A pin is the id of a management key, or its public key as a JWK.')
  }
  const signingKey = parseSigningJwk(pin)
  const id = await thumbprint(signingKey)
  const unlisted = {
    kind: 'DEVICE',
    wrappingKey: null,
    endorsement: null,
    revocation: null,
    revokedAt: null,
  } as const
  return [id, { id, signingKey, ...unlisted }]
}

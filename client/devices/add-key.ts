import { KeyServerError } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { WrappingJwk } from '../../schema/wire/keys/jwk.ts'
import type { PublicManagementKey } from '../crypto/management-key.ts'
import { importWrappingKey } from '../crypto/wrap.ts'
import {
  rewrapKeys,
  keysToRewrap,
  wrapAll,
  type RewrapOptions,
  type RewrapReport,
  type RewrappedKey,
} from '../rotation/rewrap-keys.ts'
import { isAboutOneKey, openWrappedKeys } from '../rotation/open-wrapped-keys.ts'
import { assertMayShare } from '../trust/account-trust.ts'
import type { Session } from '../trust/session.ts'
import type { Operation } from '../transport/graphql.ts'
import type { ManagementKeyKind } from '../../schema/wire/enums.ts'

/** A new management key, with its endorsement and possession proof. */
export interface EndorsedKey extends Omit<PublicManagementKey, 'wrappingKey'> {
  /** Null for a VIEWER: nothing is wrapped for it. */
  readonly wrappingKey: WrappingJwk | null
  /** RFC 7638 thumbprint of `signingKey`. */
  readonly id: string
  readonly label: string
  readonly kind: ManagementKeyKind
  /** JWS `claviger-endorsement+jwt` by the session's management key. */
  readonly endorsement: string
  /** JWS `claviger-proof+jwt` by the new key. */
  readonly proof: string
}

/**
 * Registers a management key, and rewraps every key that this device can open for it: the first 100 in the same request,
 * atomically, the others in further requests. A repeated call does what is missing.
 *
 * @throws {KeyServerError} CONFLICT when the key is taken by another account, or was revoked.
 * @throws {VaultError} WRAPPING_MISMATCH when this device wraps symmetrically, and the key is no VIEWER.
 */
export async function addManagementKey(
  session: Session,
  key: EndorsedKey,
  options: RewrapOptions = {},
): Promise<RewrapReport> {
  if (key.wrappingKey === null) {
    await register(session, key, [])
    return { rewrapped: 0, skipped: [] }
  }
  assertMayShare(session.managementKey)
  const recipient = { id: key.id, wrappingKey: await importWrappingKey(key.wrappingKey) }
  const first = await keysToRewrap(session, key.id, { countMax: limits.batchMax })
  const { opened, skipped } = await openWrappedKeys(session, first, 'REWRAP')
  const registered = await register(session, key, await wrapAll(opened, recipient))
  const others = await rewrapKeys(session, recipient, {
    ...options,
    ignoring: new Set(skipped.map(({ id }) => id)),
  })
  return { rewrapped: registered + others.rewrapped, skipped: [...skipped, ...others.skipped] }
}

const addManagementKeyOperation: Operation<string> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation AddManagementKey($input: AddManagementKeyInput!) {
      addManagementKey(input: $input) {
        id
      }
    }
  `,
  parse: (data) => data.object('addManagementKey').text('id'),
}

/** @returns how many wrapped keys were stored with it. */
async function register(
  session: Session,
  key: EndorsedKey,
  wrappedKeys: readonly RewrappedKey[],
): Promise<number> {
  const { label, kind, signingKey, wrappingKey, endorsement, proof } = key
  const managementKey = { label, kind, signingKey, wrappingKey }
  const input = { managementKey, endorsement, proof, wrappedKeys }
  try {
    await session.keyServer.run(addManagementKeyOperation, { input })
    return wrappedKeys.length
  } catch (error) {
    // A key was revoked meanwhile: register without wrapped keys, and rewrap the others afterwards.
    if (isAboutOneKey(error) && wrappedKeys.length > 0) return register(session, key, [])
    if (isConflict(error) && (await isRegistered(session, key.id))) return 0
    throw error
  }
}

/** Whether an earlier call registered it, with an endorsement of another second, and it is trusted. */
async function isRegistered({ trust }: Session, id: string): Promise<boolean> {
  const { account, trusted, trustErrors } = await trust.readAccount()
  const listed = account.managementKeys.find((known) => known.id === id)
  return listed?.revokedAt === null && trusted.has(id) && !trustErrors.has(id)
}

function isConflict(error: unknown): boolean {
  return error instanceof KeyServerError && error.code === 'CONFLICT'
}

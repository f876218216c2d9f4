import { and, eq, isNotNull, sql } from 'drizzle-orm'
import { unionAll } from 'drizzle-orm/pg-core'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { applicationServerKeys, managementKeyOwners } from '../../schema/tables/index.ts'
import type { SigningJwk } from '../../schema/wire/keys/jwk.ts'
import { importSigningKey } from '../../schema/wire/signatures/http-signature.ts'
import type { Database } from '../database/connect.ts'
import type { DatabaseNodes } from '../database/distribution/nodes.ts'
import { isOutOfReach } from '../database/lost-connection.ts'
import { principalKinds, type PrincipalKind } from './principal.ts'

/** A registered signing key, imported for verification, and its principal. */
export interface RegisteredPrincipal {
  readonly kind: PrincipalKind
  /** The id of the account, or of the application server. */
  readonly principalId: string
  /** A management key of the kind VIEWER. */
  readonly isViewer: boolean
  readonly jwk: SigningJwk
  readonly cryptoKey: CryptoKey
}

const cachedPrincipalsMax = 10_000

/** A row of the look-up. The key was checked to be a sound point when it was stored. */
const principalRow = z.object({
  kind: z.enum(principalKinds),
  principalId: z.guid(),
  isViewer: z.boolean(),
  jwk: z.discriminatedUnion('kty', [
    z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }),
    z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() }),
  ]),
})

/**
 * Finds a signing key by its thumbprint. Management keys are cached without expiry: a thumbprint names one key, and its
 * account never changes, unless the operator deletes it. Whether the key is still active is read from the database at
 * every request.
 */
export class PrincipalDirectory {
  readonly #cache = new LRUCache<string, RegisteredPrincipal>({ max: cachedPrincipalsMax })
  readonly #select

  readonly #nodes: Pick<DatabaseNodes, 'findManagementKey'>

  constructor(db: Database, nodes: Pick<DatabaseNodes, 'findManagementKey'>) {
    this.#nodes = nodes
    // One statement, so that an unknown key takes as long as a known one.
    this.#select = (id: string) =>
      unionAll(
        db
          .select({
            kind: sql<PrincipalKind>`'ACCOUNT'`.as('kind'),
            principalId: managementKeyOwners.accountId,
            isViewer: managementKeyOwners.isViewer,
            jwk: managementKeyOwners.signingKey,
          })
          .from(managementKeyOwners)
          .where(eq(managementKeyOwners.managementKeyId, id)),
        db
          .select({
            kind: sql<PrincipalKind>`'APPLICATION_SERVER'`.as('kind'),
            principalId: applicationServerKeys.applicationServerId,
            isViewer: sql<boolean>`false`.as('is_viewer'),
            jwk: applicationServerKeys.signingKey,
          })
          .from(applicationServerKeys)
          .where(and(eq(applicationServerKeys.id, id), isNotNull(applicationServerKeys.proof))),
      )
  }

  /** As {@link lookUp}, with a cache before it. */
  async find(keyId: string): Promise<{ known: RegisteredPrincipal | null; isCached: boolean }> {
    const cached = this.#cache.get(keyId)
    if (cached !== undefined) return { known: cached, isCached: true }
    const known = await this.lookUp(keyId)
    // An application server's key is not cached: an account may still register it, and it signs only once in hours.
    if (known?.kind === 'ACCOUNT') this.#cache.set(keyId, known)
    return { known, isCached: false }
  }

  /** Reads the key anew when it is asked for next: its account was deleted, and another one may register it. */
  forget(keyId: string): void {
    this.#cache.delete(keyId)
  }

  /** Null when the key is not registered. A key that is registered as both kinds is the account's. */
  async lookUp(keyId: string): Promise<RegisteredPrincipal | null> {
    const found = (await this.#selectAnywhere(keyId)).map((row) => principalRow.parse(row))
    const principal = found.find(({ kind }) => kind === 'ACCOUNT') ?? found[0]
    if (principal === undefined) return null
    return { ...principal, cryptoKey: await importSigningKey(principal.jwk) }
  }

  async #selectAnywhere(keyId: string): Promise<readonly object[]> {
    try {
      return await this.#select(keyId)
    } catch (error) {
      // The machine of the directory is away. That of the key's account may be there.
      const row = isOutOfReach(error) ? await this.#nodes.findManagementKey(keyId) : null
      if (row === null) throw error
      return [row]
    }
  }
}

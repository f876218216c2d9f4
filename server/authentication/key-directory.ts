import { and, eq } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import { managementKeyOwners, managementKeys } from '../../schema/tables/index.ts'
import type { SigningJwk } from '../../schema/wire/jwk.ts'
import { importSigningKey } from '../../schema/wire/request-signature.ts'
import type { Database } from '../database/connect.ts'

/** A management key's signing key, ready to verify with, and whose it is. */
export interface KnownSigner {
  readonly accountId: string
  readonly jwk: SigningJwk
  readonly cryptoKey: CryptoKey
}

const cachedSignersMax = 10_000

/**
 * Finds a signing key by its thumbprint. What it answers can be cached for good: a thumbprint names one key, and a
 * key's account never changes. Whether the key is still active is asked of the database at every request.
 */
export class KeyDirectory {
  readonly #cache = new LRUCache<string, KnownSigner>({ max: cachedSignersMax })
  readonly #select

  constructor(db: Database) {
    this.#select = (id: string) =>
      db
        .select({ accountId: managementKeys.accountId, jwk: managementKeys.signingKey })
        .from(managementKeyOwners)
        .innerJoin(
          managementKeys,
          and(
            eq(managementKeys.accountId, managementKeyOwners.accountId),
            eq(managementKeys.id, managementKeyOwners.managementKeyId),
          ),
        )
        .where(eq(managementKeyOwners.managementKeyId, id))
  }

  /** Null when nobody registered such a key. */
  async find(managementKeyId: string): Promise<KnownSigner | null> {
    const cached = this.#cache.get(managementKeyId)
    if (cached !== undefined) return cached
    const [found] = await this.#select(managementKeyId)
    if (found === undefined) return null
    const signer = { ...found, cryptoKey: await importSigningKey(found.jwk) }
    this.#cache.set(managementKeyId, signer)
    return signer
  }
}

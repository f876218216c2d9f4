import { decodeProtectedHeader } from 'jose'
import { LRUCache } from 'lru-cache'
import { limits } from '../../schema/wire/limits.ts'
import type { OpenPool } from '../database/connect.ts'
import type { DatabaseNodes } from '../database/distribution/nodes.ts'

/** A management key, and what it was endorsed by; null when its client sent no endorsement. */
interface Link {
  readonly endorsement: string | null
}

interface LinkName {
  readonly accountId: string
  readonly managementKeyId: string
}

/** Maximum of all cached endorsements together: some 10,000 of usual length. */
const cachedCharactersMax = 8 * 1024 * 1024

/**
 * Finds the endorsements that lead from who signed a certificate to the account's first management key: what an application
 * server needs that knows one of these keys, and none of the others. A management key's endorsement never changes, so it is
 * read once.
 */
export class Endorsements {
  readonly #cache = new LRUCache<string, Link>({
    maxSize: cachedCharactersMax,
    sizeCalculation: ({ endorsement }, key) => key.length + (endorsement?.length ?? 0),
  })
  readonly #select: (name: LinkName) => Promise<Link>

  constructor(nodes: DatabaseNodes) {
    this.#select = nodes.batch((reads) => (names) => selectLinks(reads, names), { batchMax: 1000 })
  }

  /**
   * For each of these statements its signer's own endorsement first, then that of who signed this one, and so on, none twice:
   * at most {@link limits.endorsementsMax}. It ends where a key has none.
   */
  async chainOf(accountId: string, statements: readonly string[]): Promise<string[]> {
    const chain: string[] = []
    const seen = new Set<string>()
    for (const statement of statements) {
      let managementKeyId = signerOf(statement)
      while (!seen.has(managementKeyId) && chain.length < limits.endorsementsMax) {
        seen.add(managementKeyId)
        const { endorsement } = await this.#find({ accountId, managementKeyId })
        if (endorsement === null) break
        chain.push(endorsement)
        managementKeyId = signerOf(endorsement)
      }
    }
    return chain
  }

  async #find(name: LinkName): Promise<Link> {
    const key = `${name.accountId} ${name.managementKeyId}`
    const known = this.#cache.get(key)
    if (known !== undefined) return known
    const link = await this.#select(name)
    this.#cache.set(key, link)
    return link
  }
}

/** The `kid` of a statement, which was checked when it was stored. */
function signerOf(statement: string): string {
  return decodeProtectedHeader(statement).kid ?? ''
}

async function selectLinks({ sql }: OpenPool, names: readonly LinkName[]): Promise<Link[]> {
  const accountIds = names.map(({ accountId }) => accountId)
  const found = await sql<(Link & { readonly place: number })[]>`
    SELECT asked.place::int AS place, m.endorsement
    FROM unnest(${accountIds}::uuid[], ${names.map(({ managementKeyId }) => managementKeyId)}::text[])
      WITH ORDINALITY AS asked (account_id, id, place)
    JOIN management_keys m ON m.account_id = asked.account_id AND m.id = asked.id
    WHERE m.account_id = ANY (${accountIds}::uuid[])`
  const byPlace = new Map(found.map(({ place, endorsement }) => [place, { endorsement }]))
  return names.map((_, index) => byPlace.get(index + 1) ?? { endorsement: null })
}

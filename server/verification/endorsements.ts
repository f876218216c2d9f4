import { decodeProtectedHeader } from 'jose'
import { LRUCache } from 'lru-cache'
import { limits } from '../../schema/wire/limits.ts'
import type { OpenPool } from '../database/connect.ts'
import type { DatabaseNodes } from '../database/distribution/nodes.ts'

/** The endorsement of a management key; null when its client sent none. */
interface Link {
  readonly endorsement: string | null
}

/** Identifies a management key. */
interface LinkName {
  readonly accountId: string
  readonly managementKeyId: string
}

/** Maximum of all cached endorsements together: some 10,000 of usual length. */
const cachedCharactersMax = 8 * 1024 * 1024

/**
 * Finds certification paths: the endorsements that lead from a statement's signer to the account's first management key. With
 * them an application server that has pinned one of these keys can trust the others. A management key's endorsement never
 * changes, so it is read once.
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
   * The certification paths of statements, one after the other: for each the endorsement of its signer, then that of
   * the endorser, and so on, up to a key without one. No endorsement comes twice, and there are at most {@link
   * limits.endorsementsMax}.
   */
  async pathOf(accountId: string, statements: readonly string[]): Promise<string[]> {
    const path: string[] = []
    const seen = new Set<string>()
    for (const statement of statements) {
      let managementKeyId = signerOf(statement)
      while (!seen.has(managementKeyId) && path.length < limits.endorsementsMax) {
        seen.add(managementKeyId)
        const { endorsement } = await this.#find({ accountId, managementKeyId })
        if (endorsement === null) break
        path.push(endorsement)
        managementKeyId = signerOf(endorsement)
      }
    }
    return path
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

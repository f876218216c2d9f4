import type { Databases } from '../database/connect.ts'

/** The key that something of long life runs for: of an account, or of an application server with its id. */
export interface WatchedKey {
  readonly accountId: string
  readonly managementKeyId: string
}

interface Watch extends WatchedKey {
  readonly onRevoked: () => void
}

/**
 * Tells sockets and streams of this process that their key was revoked, on whichever server. A notification
 * brings the word at once; a look into the database now and then, when it was lost.
 */
export class RevocationWatch {
  readonly #databases: Databases
  readonly #watches = new Map<string, Set<Watch>>()

  constructor(databases: Databases) {
    this.#databases = databases
  }

  /**
   * Calls `onRevoked` once, when the key is revoked from now on. Begin before the key is found to be active, so that no
   * revocation falls between.
   *
   * @returns a function that ends the watch
   */
  watch({ accountId, managementKeyId }: WatchedKey, onRevoked: () => void): () => void {
    const watch: Watch = { accountId, managementKeyId, onRevoked }
    const ofKey = this.#watches.get(managementKeyId) ?? new Set()
    this.#watches.set(managementKeyId, ofKey)
    ofKey.add(watch)
    return () => {
      ofKey.delete(watch)
      if (ofKey.size === 0 && this.#watches.get(managementKeyId) === ofKey) {
        this.#watches.delete(managementKeyId)
      }
    }
  }

  /** This key is revoked. */
  report(managementKeyId: string): void {
    const ofKey = this.#watches.get(managementKeyId)
    this.#watches.delete(managementKeyId)
    for (const { onRevoked } of ofKey ?? []) onRevoked()
  }

  /** Looks which of the watched keys are revoked. Answers `repeat` that there is nothing more to do. */
  async check(): Promise<false> {
    const watched = [...this.#watches.values()].flatMap(([watch]) => watch ?? [])
    if (watched.length === 0) return false
    const revoked = await this.#databases.reads.sql<{ id: string }[]>`
      WITH watched AS (
        SELECT * FROM unnest(
          ${watched.map(({ accountId }) => accountId)}::uuid[],
          ${watched.map(({ managementKeyId }) => managementKeyId)}::text[]
        ) AS watched (account_id, id)
      )
      SELECT k.id
      FROM watched JOIN management_keys k ON k.account_id = watched.account_id AND k.id = watched.id
      WHERE k.revoked_at IS NOT NULL
      UNION ALL
      SELECT k.id
      FROM watched JOIN application_server_keys k ON k.application_server_id = watched.account_id AND k.id = watched.id
      WHERE k.revoked_at IS NOT NULL`
    for (const { id } of revoked) this.report(id)
    return false
  }
}

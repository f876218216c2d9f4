import { z } from 'zod'
import type { Databases } from '../database/connect.ts'

/** The key that a long-lived socket or stream was opened with. */
export interface WatchedKey {
  readonly principalId: string
  readonly keyId: string
}

const revokedRows = z.array(z.object({ id: z.string() }))

interface Watch extends WatchedKey {
  readonly onRevoked: () => void
}

/**
 * Tells sockets and streams of this process that their key was revoked, on whichever server. A notification reports it at
 * once; a periodic check of the database reports it when the notification was lost.
 */
export class RevocationWatch {
  readonly #databases: Databases
  readonly #watches = new Map<string, Set<Watch>>()

  constructor(databases: Databases) {
    this.#databases = databases
  }

  /**
   * Calls `onRevoked` once, when the key is revoked from now on. Call it before the check that the key is
   * active, so that no revocation is missed between the two.
   *
   * @returns a function that ends the watch
   */
  watch({ principalId, keyId }: WatchedKey, onRevoked: () => void): () => void {
    const watch: Watch = { principalId, keyId, onRevoked }
    const watches = this.#watches.get(keyId) ?? new Set()
    this.#watches.set(keyId, watches)
    watches.add(watch)
    return () => {
      watches.delete(watch)
      if (watches.size === 0 && this.#watches.get(keyId) === watches) {
        this.#watches.delete(keyId)
      }
    }
  }

  /** Ends the watches of a key that was revoked. */
  report(keyId: string): void {
    const watches = this.#watches.get(keyId)
    this.#watches.delete(keyId)
    for (const { onRevoked } of watches ?? []) onRevoked()
  }

  /** Checks which of the watched keys are revoked. @returns false: a periodic job has nothing more to do */
  async check(): Promise<false> {
    const watched = [...this.#watches.values()].flatMap(([watch]) => watch ?? [])
    if (watched.length === 0) return false
    const { sql } = this.#databases.reads
    const principalIds = watched.map(({ principalId }) => principalId)
    const keyIds = watched.map(({ keyId }) => keyId)
    const revoked = await Promise.all([
      sql`
        SELECT k.id
        FROM unnest(${principalIds}::uuid[], ${keyIds}::text[]) AS watched (account_id, id)
        JOIN management_keys k ON k.account_id = watched.account_id AND k.id = watched.id
        WHERE k.account_id = ANY (${principalIds}::uuid[]) AND (k.revoked_at IS NOT NULL OR k.suspended_at IS NOT NULL)`,
      sql`
        SELECT id FROM application_server_keys
        WHERE id = ANY (${keyIds}::text[]) AND application_server_id = ANY (${principalIds}::uuid[])
          AND revoked_at IS NOT NULL`,
    ])
    for (const { id } of revokedRows.parse(revoked.flat())) this.report(id)
    return false
  }
}

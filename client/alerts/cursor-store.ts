import { settled, withObjectStore } from '../keystore/object-store.ts'

/** Where an alert stream keeps its place, so that the next one goes on there. One place for one stream. */
export interface CursorStore {
  /** Null when nothing was kept. */
  load(): Promise<string | null>
  /** Resolves when the cursor is durable. */
  save(cursor: string): Promise<void>
}

/**
 * Keeps the place in the browser's IndexedDB.
 *
 * @param options.name the database's name; `claviger-alerts` unless told.
 * @throws {VaultError} from its methods: KEYSTORE_UNREADABLE when IndexedDB refuses.
 */
export function indexedDbCursorStore({ name = 'claviger-alerts' }: { name?: string } = {}): CursorStore {
  const place = { database: name, store: 'place' }
  return {
    load: () =>
      withObjectStore(place, 'readonly', async (store) => {
        const value: unknown = await settled(store.get('cursor'))
        return typeof value === 'string' ? value : null
      }),
    save: (cursor) =>
      withObjectStore(place, 'readwrite', async (store) => {
        await settled(store.put(cursor, 'cursor'))
      }),
  }
}

import { describeAddress } from './address.ts'
import { defaultDataDirectory, startEmbeddedPostgres } from './embedded/index.ts'

export interface DatabaseOptions {
  /** A PostgreSQL, 15 to 18. Default: one that is started for this key server, and keeps its data in `dataDirectory`. */
  readonly databaseUrl?: string | undefined
  /** Where the embedded PostgreSQL keeps its data. Default: the user's own data directory. */
  readonly dataDirectory?: string | undefined
  /** Hears a sentence for each noteworthy step of the embedded PostgreSQL. No sentence holds a secret. */
  readonly onDatabaseStep?: ((sentence: string) => void) | undefined
  /** Told once when the embedded PostgreSQL has ended and cannot be started again. Without it that goes unsaid. */
  readonly onDatabaseLost?: ((error: Error) => void) | undefined
}

export interface OpenDatabase {
  /** With a password. Never log it. */
  readonly url: string
  /** For people, without a password. */
  readonly description: string
  /** Stops the embedded PostgreSQL; leaves any other as it is. */
  close(): Promise<void>
}

/**
 * Starts the embedded PostgreSQL, or takes the one that is named.
 *
 * @throws Error in words: as `startEmbeddedPostgres`
 */
export async function openDatabase(options: DatabaseOptions): Promise<OpenDatabase> {
  const { databaseUrl, dataDirectory = defaultDataDirectory(), onDatabaseStep, onDatabaseLost } = options
  if (databaseUrl !== undefined) {
    const description = `PostgreSQL at ${describeAddress(databaseUrl)}`
    return { url: databaseUrl, description, close: () => Promise.resolve() }
  }
  const embedded = await startEmbeddedPostgres({
    dataDirectory,
    ...(onDatabaseStep && { log: onDatabaseStep }),
    ...(onDatabaseLost && { onLost: onDatabaseLost }),
  })
  return {
    url: embedded.url,
    description: `${embedded.directory}   (embedded PostgreSQL, port ${String(embedded.port)})`,
    close: () => embedded.stop(),
  }
}

import { readFileSync } from 'node:fs'
import type { KeyServerPort } from '../schema/graphql/context.ts'
import type { KeyServerFacts, PublishedKey } from '../schema/graphql/domain.ts'
import type { SigningKeys } from './answers/signing-keys.ts'
import type { Databases } from './database/connect.ts'

/** The version of this installation, from its package.json. */
export const version = readVersion()

/** Facts about this key server. */
export class KeyServer implements KeyServerPort {
  readonly #databases: Databases
  readonly #signingKeys: SigningKeys

  constructor(databases: Databases, signingKeys: SigningKeys) {
    this.#databases = databases
    this.#signingKeys = signingKeys
  }

  async facts(): Promise<KeyServerFacts> {
    const [row] = await this.#databases.reads.sql<{ now: Date }[]>`SELECT clock_timestamp() AS now`
    return { version, time: row?.now ?? new Date(NaN) }
  }

  signingKeys(): Promise<readonly PublishedKey[]> {
    return this.#signingKeys.published()
  }
}

/** package.json stands one level above server/ in a checkout and two above dist/server/ in a package. */
function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
      if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
        return String(manifest.version)
    } catch {
      // Look at the other layout.
    }
  }
  throw new Error('package.json is missing from this installation of claviger.')
}

import type { KeyServerPort } from '../../schema/graphql/context.ts'
import type { KeyServerFacts, PublishedKey } from '../../schema/graphql/domain.ts'
import type { Registration } from '../../schema/wire/enums.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { Databases } from '../database/connect.ts'
import { version } from '../lib/version.ts'

/** The facts and signing keys that this key server publishes. */
export class PublishedFacts implements KeyServerPort {
  readonly #databases: Databases
  readonly #signingKeys: SigningKeys
  readonly #origins: () => readonly string[]
  readonly #registration: Registration

  /** @param options.origins called for each request: the server's port may be in them, and is not known before it listens */
  constructor(
    databases: Databases,
    {
      signingKeys,
      origins,
      registration,
    }: {
      readonly signingKeys: SigningKeys
      readonly origins: () => readonly string[]
      readonly registration: Registration
    },
  ) {
    this.#databases = databases
    this.#signingKeys = signingKeys
    this.#origins = origins
    this.#registration = registration
  }

  async facts(): Promise<KeyServerFacts> {
    const [row] = await this.#databases.reads.sql<{ now: Date }[]>`SELECT clock_timestamp() AS now`
    return {
      version,
      origins: this.#origins(),
      registration: this.#registration,
      time: row?.now ?? new Date(NaN),
    }
  }

  signingKeys(): Promise<readonly PublishedKey[]> {
    return this.#signingKeys.published()
  }
}

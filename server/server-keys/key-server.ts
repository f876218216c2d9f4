import type { KeyServerPort } from '../../schema/graphql/context.ts'
import type { KeyServerFacts, PublishedKey } from '../../schema/graphql/domain.ts'
import type { Registration } from '../../schema/wire/enums.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { Databases } from '../database/connect.ts'
import { version } from '../lib/version.ts'

/** Facts about this key server. */
export class KeyServer implements KeyServerPort {
  readonly #databases: Databases
  readonly #signingKeys: SigningKeys
  readonly #origins: () => readonly string[]
  readonly #registration: Registration

  /** `origins` is asked when it is needed: the server's port may be in them, and is known late. */
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

import { KeyServerError } from '../../schema/wire/errors.ts'
import type { PublishedKey } from '../../schema/graphql/domain.ts'
import type { Databases } from '../database/connect.ts'
import type { Logger } from '../lib/log.ts'
import { isServerKeySecret, serverKeySecretRule } from './sealing-secret.ts'
import { openServerKey, type ServerKey } from './server-key.ts'
import {
  ensureServerKey,
  selectPublishedKeys,
  stateOf,
  WrongServerKeySecret,
  type StoredServerKey,
} from './server-key-rows.ts'

/** The greatest age of the keys that may sign, in milliseconds: a retired key may sign for as long. */
const signerAgeMsMax = 60_000
/** Anybody may request the published keys, so they are read at most once a second. */
const publishedAgeMsMax = 1_000

interface OpenedKeys {
  readonly readAtMs: number
  /** Undefined when the secret does not open it: it was replaced under another secret since this server started. */
  readonly signer: ServerKey | undefined
  readonly published: readonly PublishedKey[]
}

/**
 * The server keys, which all servers on this database share. They are read periodically, and before publishing or signing
 * when the last reading is too old.
 */
export class SigningKeys {
  readonly #databases: Databases
  readonly #secret: string
  readonly #log: Logger
  #opened: OpenedKeys | null = null
  #reading: Promise<OpenedKeys> | null = null
  #byId: ReadonlyMap<string, ServerKey> = new Map()

  constructor(databases: Databases, { secret, log }: { readonly secret: string; readonly log: Logger }) {
    if (!isServerKeySecret(secret)) throw new Error(`The secret of the server's keys ${serverKeySecretRule}.`)
    this.#databases = databases
    this.#secret = secret
    this.#log = log
  }

  /**
   * Makes the first key when there is none.
   *
   * @throws {WrongServerKeySecret} when the secret does not open the key that signs
   */
  async start(): Promise<void> {
    await ensureServerKey(this.#databases.writes.db, this.#secret)
    const { signer } = await this.read()
    if (signer === undefined) throw new WrongServerKeySecret()
  }

  /** Reads the keys. Calls during a reading share its result. */
  read(): Promise<OpenedKeys> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  /** The signing key. @throws {KeyServerError} UNAVAILABLE when the secret does not open it */
  async signer(): Promise<ServerKey> {
    const { signer } = await this.#noOlderThan(signerAgeMsMax)
    if (signer === undefined) {
      throw new KeyServerError('UNAVAILABLE', 'The key server cannot sign answers at present.')
    }
    return signer
  }

  /** The public keys that answers may be signed with: the signing key, the prepared one, then retired ones. */
  async published(): Promise<readonly PublishedKey[]> {
    return (await this.#noOlderThan(publishedAgeMsMax)).published
  }

  async #noOlderThan(ageMsMax: number): Promise<OpenedKeys> {
    const opened = this.#opened
    return opened !== null && performance.now() - opened.readAtMs <= ageMsMax ? opened : this.read()
  }

  async #read(): Promise<OpenedKeys> {
    const readAtMs = performance.now()
    const stored = await selectPublishedKeys(this.#databases.reads.db)
    const keys = await Promise.all(stored.map((key) => this.#open(key)))
    const [first] = stored
    const opened = keys.filter((key) => key !== undefined)
    this.#byId = new Map(opened.map((key) => [key.id, key]))
    this.#opened = {
      readAtMs,
      signer: first !== undefined && stateOf(first) === 'SIGNING' ? keys[0] : undefined,
      published: opened.map(toPublished),
    }
    return this.#opened
  }

  async #open(stored: StoredServerKey): Promise<ServerKey | undefined> {
    const known = this.#byId.get(stored.id)
    if (known !== undefined) return known
    const key = await openServerKey(stored, this.#secret)
    if (key === null) this.#log.error({ serverKey: stored.id }, 'a server key is sealed under another secret')
    return key ?? undefined
  }
}

function toPublished({ id, publicKey }: ServerKey): PublishedKey {
  return { ...publicKey, kid: id, alg: 'EdDSA', use: 'sig' }
}

import { z } from 'zod'
import type { ApplicationServersPort, RegisterApplicationServerInput } from '../../schema/graphql/context.ts'
import type { ApplicationServerRegistration } from '../../schema/graphql/domain.ts'
import { KeyServerError } from '../../schema/wire/errors.ts'
import { thumbprint } from '../../schema/wire/jwk.ts'
import type { Authentication } from '../authentication/authentication.ts'
import type { RequestCaller } from '../authentication/request-caller.ts'
import type { Databases } from '../database/connect.ts'
import { runTransaction } from '../database/transaction.ts'
import { applicationServer, parseInput, signingJwk } from '../input.ts'
import { applicationServerIdOf } from './application-server-id.ts'
import { applyKeyList, holdKey, isProved } from './keys.ts'
import { readKeyList, type ReadKeyListOptions } from './well-known.ts'

const registerInput = z.object({ applicationServer, signingKey: signingJwk })

/** Documents that are fetched at a time: anybody may ask for one. */
const fetchesMax = 8

/** Registers the keys of application servers, and looks whether they are theirs. */
export class ApplicationServers implements ApplicationServersPort {
  readonly #authentication: Authentication
  readonly #databases: Databases
  readonly #proof: ReadKeyListOptions
  #fetches = 0

  constructor(
    authentication: Authentication,
    { databases, proof }: { readonly databases: Databases; readonly proof: ReadKeyListOptions },
  ) {
    this.#authentication = authentication
    this.#databases = databases
    this.#proof = proof
  }

  async register(
    caller: RequestCaller,
    input: RegisterApplicationServerInput,
  ): Promise<ApplicationServerRegistration> {
    const { applicationServer: name, signingKey } = parseInput(registerInput, input, 'input')
    const keyId = await thumbprint(signingKey)
    const applicationServerId = applicationServerIdOf(name)
    const signer = { accountId: applicationServerId, managementKeyId: keyId, jwk: signingKey }
    await this.#authentication.registration(caller, signer, (tx) =>
      holdKey(tx, { applicationServerId, name, keyId, signingKey }),
    )
    // Not before the nonce is consumed: a request that is sent again makes nobody fetch.
    const listed = await this.#readKeyList(name)
    const isListed = typeof listed === 'object' && listed.includes(keyId)
    if (isListed) {
      await runTransaction(this.#databases.writes.db, (tx) => applyKeyList(tx, applicationServerId, listed))
    }
    const isNowProved = await isProved(this.#databases.reads.db, keyId)
    const failure = typeof listed === 'string' ? listed : 'NOT_LISTED'
    return {
      applicationServer: name,
      keyId,
      isProved: isNowProved,
      proofFailure: isNowProved ? null : failure,
    }
  }

  async #readKeyList(name: string): ReturnType<typeof readKeyList> {
    if (this.#fetches >= fetchesMax) {
      throw new KeyServerError('RATE_LIMITED', 'Too many application servers register at once.', {
        retryAfterSeconds: 5,
      })
    }
    this.#fetches += 1
    try {
      return await readKeyList(name, this.#proof)
    } finally {
      this.#fetches -= 1
    }
  }
}

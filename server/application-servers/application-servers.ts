import { z } from 'zod'
import type { ApplicationServersPort, RegisterApplicationServerInput } from '../../schema/graphql/context.ts'
import type { ApplicationServerRegistration } from '../../schema/graphql/domain.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import type { SignedRequest } from '../auth/signed-request.ts'
import type { Databases } from '../database/connect.ts'
import { runTransaction } from '../database/transaction.ts'
import { applicationServer, parseInput, signingJwk } from '../lib/input.ts'
import type { ClientRates } from '../rate-limits/client-rates.ts'
import { applicationServerIdOf } from './application-server-id.ts'
import { KeyDocuments } from './documents.ts'
import { applyKeyList, holdKey, isProved, takeProofTicket } from './keys.ts'
import type { ReadKeyListOptions } from './well-known.ts'

const registerInput = z.object({ applicationServer, signingKey: signingJwk })

/** Registers the keys of application servers, and looks whether they are theirs. */
export class ApplicationServers {
  readonly #databases: Databases
  readonly #documents: KeyDocuments

  constructor({ databases, proof }: { readonly databases: Databases; readonly proof: ReadKeyListOptions }) {
    this.#databases = databases
    this.#documents = new KeyDocuments(() => takeProofTicket(databases.writes.db), proof)
  }

  /** The port of one request. */
  forRequest(
    request: SignedRequest,
    client: { readonly clientAddress: string; readonly rates: ClientRates },
  ): ApplicationServersPort {
    return { register: (input) => this.#register(request, { input, ...client }) }
  }

  async #register(
    request: SignedRequest,
    {
      input,
      clientAddress,
      rates,
    }: {
      readonly input: RegisterApplicationServerInput
      readonly clientAddress: string
      readonly rates: ClientRates
    },
  ): Promise<ApplicationServerRegistration> {
    const { applicationServer: name, signingKey } = parseInput(registerInput, input, 'input')
    const keyId = await thumbprint(signingKey)
    const applicationServerId = applicationServerIdOf(name)
    const key = { principalId: applicationServerId, keyId, jwk: signingKey }
    const registered = { applicationServerId, name, keyId, signingKey }
    await rates.takeShared('registrations')
    await request.registration(key, ({ tx }) => holdKey(tx, registered))
    // Not before the nonce is consumed: a request that is sent again makes nobody fetch.
    const { listed, ticket } = await this.#documents.read(name, clientAddress)
    const isListed = typeof listed === 'object' && listed.includes(keyId)
    if (isListed) {
      await runTransaction(this.#databases.writes.db, async (tx) => {
        // Once more: whoever registers keys for this name meanwhile has pushed it out, and cannot when it is proved.
        await holdKey(tx, registered)
        await applyKeyList(tx, applicationServerId, { listed, ticket })
      })
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
}

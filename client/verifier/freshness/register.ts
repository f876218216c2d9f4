import { applicationServerName } from '../../../schema/wire/application-server.ts'
import { createMessageSigner } from '../../transport/message-signer.ts'
import { createClock } from '../../transport/clock.ts'
import { httpEndpoint, keyServerOrigin } from '../../transport/endpoint.ts'
import { graphqlClient, type Operation } from '../../transport/graphql.ts'
import { signingFetch } from '../../transport/signing-fetch.ts'
import { withVerifierErrors } from '../../verifier-error.ts'
import { explainRefusal } from '../../transport/explain-refusal.ts'
import { importIdentity, type ApplicationServerIdentity } from './identity.ts'
import { proofFailures, type ProofFailure } from '../../../schema/wire/enums.ts'
import type { ConnectionOptions } from '../../transport/connection-options.ts'

export interface RegistrationOptions extends ApplicationServerIdentity, ConnectionOptions {
  /** The key server's origin. */
  readonly url: string
  /** The name under which its clients store keys for it. */
  readonly applicationServer: string
}

export interface Registration {
  /** RFC 7638 thumbprint of the key. */
  readonly keyId: string
  /** Whether the key may follow changes. */
  readonly proved: boolean
  /** Why `/.well-known/claviger.json` of the application server proves nothing; null when the key is proved. */
  readonly proofFailure: ProofFailure | null
}

/**
 * Registers an application server's key, and has the key server fetch the proof: `{"keys": ["<thumbprint>"]}` at
 * `/.well-known/claviger.json` of the application server. Call it again after a change of that document.
 *
 * @throws {KeyServerError} CONFLICT when the key is taken; RATE_LIMITED.
 * @throws {VerifierError} SIGNING_KEY_INVALID, URL_INVALID, NETWORK, TIMEOUT, ANSWER_MALFORMED.
 */
export function registerApplicationServer(options: RegistrationOptions): Promise<Registration> {
  return withVerifierErrors(() => registerKey(options))
}

async function registerKey({
  url,
  applicationServer,
  signingKey,
  ...connection
}: RegistrationOptions): Promise<Registration> {
  const endpoint = httpEndpoint(keyServerOrigin(url))
  const identity = await importIdentity({ signingKey })
  const clock = createClock()
  const signer = createMessageSigner(identity, clock)
  const keyServer = graphqlClient({
    endpoint,
    fetch: signingFetch({ ...connection, clock, signer }),
    explain: (error) => explainRefusal(error, { ...connection, url: keyServerOrigin(url) }),
  })
  return keyServer.run(register, {
    input: { applicationServer: applicationServerName(applicationServer), signingKey: identity.publicKey },
  })
}

const register: Operation<Registration> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation RegisterApplicationServer($input: RegisterApplicationServerInput!) {
      registerApplicationServer(input: $input) {
        keyId
        proved
        proofFailure
      }
    }
  `,
  parse: (data) => {
    const registration = data.object('registerApplicationServer')
    return {
      keyId: registration.text('keyId'),
      proved: registration.boolean('proved'),
      proofFailure: registration.oneOfOrNull('proofFailure', proofFailures),
    }
  },
}

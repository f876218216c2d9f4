import { builder, registering } from './builder.ts'
import type { ApplicationServerRegistration as RegistrationShape } from './domain.ts'
import type { ProofFailure } from '../wire/enums.ts'

const proofFailureDescriptions = {
  NOT_AN_ORIGIN: {
    description:
      'The name is not an https origin, so there is no document to fetch. The operator can approve the key.',
  },
  UNREACHABLE: {
    description: 'The document could not be fetched, or its name resolves to an address that is not public.',
  },
  REFUSED: { description: 'The answer had another status than 200. Redirects are not followed.' },
  MALFORMED: {
    description:
      'It is not a JSON object with a list "keys" of at most 100 thumbprints, or has more than 16 KiB.',
  },
  NOT_LISTED: { description: 'The document does not list this key.' },
} satisfies Record<ProofFailure, object>

const ApplicationServerProofFailure = builder.enumType('ApplicationServerProofFailure', {
  description: "Why a key is not proved to be the application server's.",
  values: proofFailureDescriptions,
})

const ApplicationServerRegistration = builder
  .objectRef<RegistrationShape>('ApplicationServerRegistration')
  .implement({
    description: 'A signing key of an application server. It may subscribe once it is proved.',
    fields: (t) => ({
      applicationServer: t.exposeString('applicationServer'),
      keyId: t.exposeID('keyId', { description: 'RFC 7638 thumbprint: the keyid of its requests.' }),
      proved: t.exposeBoolean('isProved'),
      proofFailure: t.expose('proofFailure', {
        type: ApplicationServerProofFailure,
        nullable: true,
        description:
          'Null when it is proved. Fix the cause and register again, or have the operator approve the key.',
      }),
    }),
  })

const RegisterApplicationServerInput = builder.inputType('RegisterApplicationServerInput', {
  fields: (t) => ({
    applicationServer: t.string({
      required: true,
      description: 'The name that clients store keys for, e.g. https://shop.example',
    }),
    signingKey: t.field({ type: 'JWK', required: true, description: 'OKP Ed25519 or EC P-256.' }),
  }),
})

builder.mutationField('registerApplicationServer', (t) =>
  t.field({
    type: ApplicationServerRegistration,
    description: `\
Signed by the registered key itself. Proved by <applicationServer>/.well-known/claviger.json, which lists the
thumbprints of the application server's keys, or by the operator of the key server. Keys that were proved so before
and are no longer listed are revoked. CONFLICT when the key is taken. RATE_LIMITED when so many register that the document was not
fetched: the key waits for its proof, register again.`,
    extensions: registering,
    args: { input: t.arg({ type: RegisterApplicationServerInput, required: true }) },
    resolve: (_root, { input }, ctx) => ctx.applicationServers.register(input),
  }),
)

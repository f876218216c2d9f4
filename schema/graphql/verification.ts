import { builder } from './builder.ts'
import type { PublicKeyVerification as PublicKeyVerificationShape } from './domain.ts'
import { TransactionKeyState } from './transaction-key.ts'

const PublicKeyVerification = builder
  .objectRef<PublicKeyVerificationShape>('PublicKeyVerification')
  .implement({
    description:
      'An unknown owner, an unknown application server and another key are one and the same answer: coincides false, all else null.',
    fields: (t) => ({
      coincides: t.exposeBoolean('coincides', {
        description: 'The presented key is one that this owner stored for this application server.',
      }),
      valid: t.exposeBoolean('valid', { description: 'coincides, and the key is ACTIVE at checkedAt.' }),
      state: t.expose('state', { type: TransactionKeyState, nullable: true }),
      notBefore: t.expose('notBefore', { type: 'DateTime', nullable: true }),
      expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true }),
      certificate: t.expose('certificate', {
        type: 'JWS',
        nullable: true,
        description: "The owner's signed description of the key.",
      }),
      revocation: t.expose('revocation', {
        type: 'JWS',
        nullable: true,
        description: "The owner's signed revocation, where state is REVOKED and there is one.",
      }),
      endorsements: t.field({
        type: ['JWS'],
        nullable: true,
        description:
          "The certification path: the endorsement of the certificate's signer, that of the key that signed this one, and so on to the account's first management key; then further ones for the revocation's signer. At most 16. Null without either.",
        resolve: (verification) => verification.endorsements(),
      }),
      possession: t.expose('possession', {
        type: 'JWS',
        nullable: true,
        description: "The key's own statement that its holder stored it, if there is one.",
      }),
      checkedAt: t.expose('checkedAt', { type: 'DateTime' }),
      answer: t.field({
        type: 'JWS',
        description:
          'The same answer signed by the key server (docs/protocol.md, "Signed answers"), verifiable offline.',
        resolve: (verification) => verification.answer(),
      }),
    }),
  })

const VerifyPublicKeyInput = builder.inputType('VerifyPublicKeyInput', {
  fields: (t) => ({
    owner: t.string({ required: true, description: "The account's name." }),
    applicationServer: t.string({ required: true }),
    publicKey: t.field({ type: 'JWK', required: true }),
  }),
})

builder.queryFields((t) => ({
  verifyPublicKey: t.field({
    type: PublicKeyVerification,
    description:
      'Unsigned. Does this public key coincide with the one stored for this client and application server, and is it valid now?',
    args: { input: t.arg({ type: VerifyPublicKeyInput, required: true }) },
    resolve: async (_root, { input }, ctx) => {
      const [verification] = await ctx.verification.verify([input], 'input')
      if (verification === undefined) throw new TypeError('One verification asked is one answered.')
      return verification
    },
  }),
  verifyPublicKeys: t.field({
    type: [PublicKeyVerification],
    description:
      'Unsigned. Several verifications in one round trip, answered in the order asked. At most 100.',
    args: { inputs: t.arg({ type: [VerifyPublicKeyInput], required: true }) },
    resolve: (_root, { inputs }, ctx) => ctx.verification.verify(inputs, 'inputs'),
  }),
}))

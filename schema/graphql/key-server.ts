import { builder } from './builder.ts'
import type { KeyServerFacts } from './domain.ts'
import { registrations } from '../wire/enums.ts'

const Registration = builder.enumType('Registration', {
  description: 'How an account is opened: by anybody, with an invitation of the operator, or not at all.',
  values: registrations,
})

const KeyServer = builder.objectRef<KeyServerFacts>('KeyServer').implement({
  fields: (t) => ({
    version: t.exposeString('version'),
    origins: t.exposeStringList('origins', {
      description:
        'The origins that requests are signed for (PUBLIC_URL): with them a client distinguishes a wrong address from a wrong key.',
    }),
    registration: t.expose('registration', { type: Registration }),
    time: t.expose('time', {
      type: 'DateTime',
      description: "The server's clock, so that a client can correct its own.",
    }),
    signingKeys: t.field({
      type: ['JWK'],
      description:
        'Public keys that sign verification answers, or will after the next rotation; also at /.well-known/jwks.json.',
      resolve: (_facts, _args, ctx) => ctx.keyServer.signingKeys(),
    }),
  }),
})

builder.queryField('keyServer', (t) =>
  t.field({
    type: KeyServer,
    description: 'Unsigned. Facts about this key server.',
    resolve: (_root, _args, ctx) => ctx.keyServer.facts(),
  }),
)

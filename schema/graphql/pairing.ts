import { builder, signed } from './builder.ts'
import type { Pairing as PairingShape } from './domain.ts'

const Pairing = builder.objectRef<PairingShape>('Pairing').implement({
  description: 'Relays messages between a new device and one that approves it. The server can read neither.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Chosen by the new device: 16 random bytes, base64url.' }),
    payload: t.exposeString('payload', { description: 'From the new device.' }),
    answer: t.exposeString('answer', {
      nullable: true,
      description: 'From the device that approves. Null until it answered.',
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime' }),
  }),
})

const OpenPairingInput = builder.inputType('OpenPairingInput', {
  fields: (t) => ({
    id: t.id({
      required: true,
      description: '16 random bytes, base64url. Whoever knows it can read the pairing.',
    }),
    payload: t.string({ required: true, description: '1 to 8,192 characters.' }),
  }),
})

const AnswerPairingInput = builder.inputType('AnswerPairingInput', {
  fields: (t) => ({
    id: t.id({ required: true }),
    answer: t.string({ required: true, description: '1 to 8,192 characters.' }),
  }),
})

builder.queryField('pairing', (t) =>
  t.field({
    type: Pairing,
    nullable: true,
    description: 'Unsigned. Null when no pairing has this id, or it has expired.',
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, ctx) => ctx.pairings.find(id),
  }),
)

builder.mutationFields((t) => ({
  openPairing: t.field({
    type: Pairing,
    description:
      'Unsigned. Stores a message for the device that approves, for 10 minutes. Repeated it returns the pairing; another payload under a known id is CONFLICT. RATE_LIMITED when too many are open.',
    args: { input: t.arg({ type: OpenPairingInput, required: true }) },
    resolve: (_root, { input }, ctx) => ctx.pairings.open(input),
  }),
  answerPairing: t.field({
    type: Pairing,
    description:
      'Signed. Answers a pairing, once: repeated with the same answer it returns the pairing; another answer is CONFLICT.',
    extensions: signed,
    args: { input: t.arg({ type: AnswerPairingInput, required: true }) },
    resolve: (_root, { input }, ctx) => ctx.pairings.answer(input),
  }),
  closePairing: t.field({
    type: 'Boolean',
    description: 'Unsigned. Removes a pairing before it expires; returns whether there was one.',
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, ctx) => ctx.pairings.close(id),
  }),
}))

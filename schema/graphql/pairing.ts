import { builder, signed } from './builder.ts'
import type { Pairing as PairingShape } from './domain.ts'

const Pairing = builder.objectRef<PairingShape>('Pairing').implement({
  description:
    'A meeting of a new device and one that approves it. The server passes their messages on, and can read neither.',
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
      description: '16 random bytes, base64url. Who knows it can read the pairing.',
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
    description: 'Unsigned. Null when there is none of this id, or none any more.',
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, ctx) => ctx.pairings.find(id),
  }),
)

builder.mutationFields((t) => ({
  openPairing: t.field({
    type: Pairing,
    description:
      'Unsigned. Leaves a message for the device that approves, for 10 minutes. Repeated it returns the pairing; another payload under a known id is CONFLICT. RATE_LIMITED when too many are open.',
    args: { input: t.arg({ type: OpenPairingInput, required: true }) },
    resolve: (_root, { input }, ctx) => ctx.pairings.open(input),
  }),
  answerPairing: t.field({
    type: Pairing,
    description:
      'Signed. Answers a pairing, once: repeated with the same answer it returns the pairing, another one is CONFLICT.',
    extensions: signed,
    args: { input: t.arg({ type: AnswerPairingInput, required: true }) },
    resolve: (_root, { input }, ctx) => ctx.pairings.answer(input),
  }),
  closePairing: t.field({
    type: 'Boolean',
    description: 'Unsigned. Removes a pairing before its time; whether there was one.',
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, ctx) => ctx.pairings.close(id),
  }),
}))

import { builder, signed } from './builder.ts'
import type { TransactionKeyPage } from './context.ts'
import { type Page, type TransactionKey as TransactionKeyShape } from './domain.ts'
import { ManagementKey } from './management-key.ts'
import { PageInfo } from './page-info.ts'
import {
  type overusePolicies,
  revocationReasons,
  transactionKeySorts,
  transactionKeyStates,
} from '../wire/enums.ts'

export const TransactionKeyState = builder.enumType('TransactionKeyState', {
  description: 'Computed from the clock when it is read, so that it is never late.',
  values: transactionKeyStates,
})

export const TransactionKeySort = builder.enumType('TransactionKeySort', { values: transactionKeySorts })

export const RevocationReason = builder.enumType('RevocationReason', { values: revocationReasons })

const overusePolicyDescriptions = {
  NOTIFY: { description: 'It is served and counted.' },
  REFUSE: { description: 'It is refused with KEY_OVERUSED.' },
} satisfies Record<(typeof overusePolicies)[number], object>

const OverusePolicy = builder.enumType('OverusePolicy', {
  description: 'The fate of an acquisition beyond maxUses. Either way the owner is alerted.',
  values: overusePolicyDescriptions,
})

export const TransactionKey = builder.objectRef<TransactionKeyShape>('TransactionKey').implement({
  description:
    'A key used with one application server. The server holds its public half in plaintext and its secret only wrapped.',
  fields: (t) => ({
    id: t.exposeID('id'),
    applicationServer: t.exposeString('applicationServer'),
    label: t.exposeString('label', { nullable: true }),
    publicKey: t.expose('publicKey', {
      type: 'JWK',
      nullable: true,
      description: 'Null for a symmetric transaction key.',
    }),
    thumbprint: t.exposeString('thumbprint', {
      nullable: true,
      description: 'RFC 7638 SHA-256 thumbprint of publicKey, base64url.',
    }),
    state: t.expose('state', { type: TransactionKeyState }),
    notBefore: t.expose('notBefore', { type: 'DateTime', nullable: true }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true }),
    expiryNotices: t.intList({
      description:
        'Seconds before expiresAt at which a KeyExpiringAlert is raised, largest first, each once.',
      resolve: (key) => [...key.expiryNotices],
    }),
    maxUses: t.exposeInt('maxUses', { nullable: true }),
    useCount: t.exposeInt('useCount', { description: 'Counted acquisitions that were granted.' }),
    refusedCount: t.exposeInt('refusedCount', {
      description: 'Acquisitions refused under OverusePolicy.REFUSE.',
    }),
    overusePolicy: t.expose('overusePolicy', { type: OverusePolicy }),
    lastUsedAt: t.expose('lastUsedAt', { type: 'DateTime', nullable: true }),
    certificate: t.expose('certificate', {
      type: 'JWS',
      nullable: true,
      description: "The owner's signed description of this key; null when the client sent none.",
    }),
    possession: t.expose('possession', {
      type: 'JWS',
      nullable: true,
      description:
        'The key\'s own statement that its holder stored it (docs/protocol.md, "Signed statements"); null when the client sent none.',
    }),
    wrappedFor: t.field({
      type: [ManagementKey],
      description: 'The management keys that the key is wrapped for.',
      resolve: (key, _args, ctx) => ctx.loaders.wrappedFor.load(key),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true }),
    revocationReason: t.expose('revocationReason', { type: RevocationReason, nullable: true }),
    revocation: t.expose('revocation', {
      type: 'JWS',
      nullable: true,
      description:
        'The owner\'s signed revocation (docs/protocol.md, "Signed statements"); null when the client sent none.',
    }),
  }),
})

const TransactionKeyEdge = builder
  .objectRef<Page<TransactionKeyShape>['edges'][number]>('TransactionKeyEdge')
  .implement({
    fields: (t) => ({
      cursor: t.exposeString('cursor'),
      node: t.expose('node', { type: TransactionKey }),
    }),
  })

export const TransactionKeyConnection = builder
  .objectRef<TransactionKeyPage>('TransactionKeyConnection')
  .implement({
    fields: (t) => ({
      edges: t.field({ type: [TransactionKeyEdge], resolve: (page) => [...page.edges] }),
      pageInfo: t.field({ type: PageInfo, resolve: (page) => page }),
      totalCount: t.int({ resolve: (page) => page.totalCount() }),
    }),
  })

const WrappedKeyInput = builder.inputType('WrappedKeyInput', {
  fields: (t) => ({
    managementKeyId: t.id({ required: true }),
    jwe: t.field({ type: 'JWE', required: true }),
  }),
})

const StoreTransactionKeyInput = builder.inputType('StoreTransactionKeyInput', {
  fields: (t) => ({
    id: t.id({ required: true, description: 'A UUID chosen by the client.' }),
    applicationServer: t.string({
      required: true,
      description:
        "1 to 255 characters, as a rule the application server's origin, e.g. https://shop.example",
    }),
    label: t.string(),
    publicKey: t.field({ type: 'JWK' }),
    wrappedKeys: t.field({
      type: [WrappedKeyInput],
      required: true,
      description:
        "At least one. Each names the management key it is wrapped for, which must be the JWE's kid.",
    }),
    notBefore: t.field({ type: 'DateTime' }),
    expiresAt: t.field({ type: 'DateTime' }),
    expiryNotices: t.intList({
      description: 'Default: 30 days, 7 days and 1 day before, those that still lie ahead.',
    }),
    maxUses: t.int(),
    overusePolicy: t.field({ type: OverusePolicy, defaultValue: 'NOTIFY' }),
    certificate: t.field({ type: 'JWS' }),
    possession: t.field({
      type: 'JWS',
      description:
        'Signed by the key itself: its holder stores it. For Ed25519 and P-256 keys; an encryption key cannot sign.',
    }),
  }),
})

const UpdateTransactionKeyInput = builder.inputType('UpdateTransactionKeyInput', {
  fields: (t) => ({
    id: t.id({ required: true }),
    label: t.string(),
    expiresAt: t.field({ type: 'DateTime' }),
    expiryNotices: t.intList(),
    maxUses: t.int(),
    overusePolicy: t.field({ type: OverusePolicy }),
    certificate: t.field({
      type: 'JWS',
      description: 'Required when the key has a certificate that this change makes untrue.',
    }),
    possession: t.field({
      type: 'JWS',
      description:
        'Signed by the key itself, as in StoreTransactionKeyInput: for a key that was stored without it.',
    }),
  }),
})

const RewrapTransactionKeyInput = builder.inputType('RewrapTransactionKeyInput', {
  fields: (t) => ({
    transactionKeyId: t.id({ required: true }),
    wrappedKeys: t.field({ type: [WrappedKeyInput], required: true }),
  }),
})

builder.queryField('transactionKey', (t) =>
  t.field({
    type: TransactionKey,
    nullable: true,
    description:
      "Signed. The description of one of the account's transaction keys. Reading it is not a use. Null when the account has no such key.",
    extensions: signed,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, ctx) => ctx.transactionKeys.find(id),
  }),
)

builder.mutationFields((t) => ({
  storeTransactionKey: t.field({
    type: TransactionKey,
    description:
      'Signed. Stores a public key and the wrapped secret. Repeating it with the same id and content returns the stored key; other content under a known id is CONFLICT, and so is a public key that the account already stored for this application server.',
    extensions: signed,
    args: { input: t.arg({ type: StoreTransactionKeyInput, required: true }) },
    resolve: (_root, { input }, ctx) => ctx.transactionKeys.store(input),
  }),
  updateTransactionKey: t.field({
    type: TransactionKey,
    description:
      'Signed. Changes label, term or limits. Only the given members change; an explicit null removes one. Extending a term arms its notices anew.',
    extensions: signed,
    args: { input: t.arg({ type: UpdateTransactionKeyInput, required: true }) },
    resolve: (_root, { input }, ctx) => ctx.transactionKeys.update(input),
  }),
  rewrapTransactionKeys: t.field({
    type: [TransactionKey],
    description: 'Signed. Replaces or adds wrapped keys, all or none. At most 100 transaction keys per call.',
    extensions: signed,
    args: { input: t.arg({ type: [RewrapTransactionKeyInput], required: true }) },
    resolve: (_root, { input }, ctx) => ctx.transactionKeys.rewrap(input),
  }),
  revokeTransactionKey: t.field({
    type: TransactionKey,
    description: 'Signed. Final. Verification answers REVOKED from now on, on every server.',
    extensions: signed,
    args: {
      id: t.arg.id({ required: true }),
      reason: t.arg({ type: RevocationReason, defaultValue: 'UNSPECIFIED' }),
      revocation: t.arg({ type: 'JWS' }),
    },
    resolve: (_root, { id, reason, revocation }, ctx) =>
      ctx.transactionKeys.revoke(id, {
        reason: reason ?? 'UNSPECIFIED',
        revocation,
      }),
  }),
  destroyTransactionKey: t.field({
    type: TransactionKey,
    description:
      'Signed. Erases the wrapped keys for good and revokes the transaction key; its public description stays.',
    extensions: signed,
    args: {
      id: t.arg.id({ required: true }),
      revocation: t.arg({
        type: 'JWS',
        description: 'Its reason must be the stored one: UNSPECIFIED for a key that was not revoked before.',
      }),
    },
    resolve: (_root, { id, revocation }, ctx) => ctx.transactionKeys.destroy(id, revocation),
  }),
}))

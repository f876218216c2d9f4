import { builder, signed } from './builder.ts'
import { type ManagementKey as ManagementKeyShape } from './domain.ts'
import type { managementKeyKinds } from '../wire/enums.ts'

const managementKeyKindDescriptions = {
  DEVICE: {},
  RECOVERY: {},
  VIEWER: {
    description:
      'Reads, subscribes and acknowledges, and nothing else: FORBIDDEN for every other mutation and for acquiring. It has no wrapping key, and nothing that it signs (certificate, endorsement, revocation) is taken by servers, clients or verifiers. For dashboards and browsers that one trusts less.',
  },
} satisfies Record<(typeof managementKeyKinds)[number], object>

const ManagementKeyKind = builder.enumType('ManagementKeyKind', { values: managementKeyKindDescriptions })

export const ManagementKey = builder.objectRef<ManagementKeyShape>('ManagementKey').implement({
  description:
    "The key that wraps an account's transaction keys and signs its requests. One per device, plus recovery keys.",
  fields: (t) => ({
    id: t.exposeID('id', {
      description:
        'RFC 7638 SHA-256 thumbprint of signingKey, base64url. Also the keyid of its request signatures and the kid of JWEs wrapped for it.',
    }),
    label: t.exposeString('label'),
    kind: t.expose('kind', { type: ManagementKeyKind }),
    signingKey: t.expose('signingKey', {
      type: 'JWK',
      description: 'Authenticates requests: OKP Ed25519 or EC P-256.',
    }),
    wrappingKey: t.expose('wrappingKey', {
      type: 'JWK',
      nullable: true,
      description:
        'The public key that others wrap keys for: OKP X25519 or EC P-256. Null when wrapping is symmetric and the key never leaves its owner.',
    }),
    endorsement: t.expose('endorsement', {
      type: 'JWS',
      nullable: true,
      description: 'Its endorsement, signed by the management key that approved it.',
    }),
    revocation: t.expose('revocation', {
      type: 'JWS',
      nullable: true,
      description: 'Signed by the management key that revoked it (docs/protocol.md, "Signed statements").',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'To the minute.',
    }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true }),
  }),
})

export const ManagementKeyInput = builder.inputType('ManagementKeyInput', {
  fields: (t) => ({
    label: t.string({ required: true }),
    kind: t.field({ type: ManagementKeyKind, defaultValue: 'DEVICE' }),
    signingKey: t.field({ type: 'JWK', required: true }),
    wrappingKey: t.field({ type: 'JWK' }),
    endorsement: t.field({ type: 'JWS', description: "For openAccount: the key's endorsement of itself." }),
  }),
})

const CopyInput = builder.inputType('CopyInput', {
  fields: (t) => ({
    transactionKeyId: t.id({ required: true }),
    jwe: t.field({ type: 'JWE', required: true }),
  }),
})

const AddManagementKeyInput = builder.inputType('AddManagementKeyInput', {
  fields: (t) => ({
    managementKey: t.field({ type: ManagementKeyInput, required: true }),
    endorsement: t.field({
      type: 'JWS',
      required: true,
      description: 'By the management key that signs this request.',
    }),
    proof: t.field({
      type: 'JWS',
      required: true,
      description: "By the new key itself, over the endorsement's payload, the same bytes.",
    }),
    wrappedKeys: t.field({ type: [CopyInput], required: true, description: 'At most 100.' }),
  }),
})

builder.mutationFields((t) => ({
  addManagementKey: t.field({
    type: ManagementKey,
    description:
      'Signed. Registers another management key and stores the wrapped keys given with it, all or none. Keys beyond 100 follow by rewrapTransactionKeys. CONFLICT when the key is taken.',
    extensions: signed,
    args: { input: t.arg({ type: AddManagementKeyInput, required: true }) },
    resolve: (_root, { input }, ctx) => ctx.managementKeys.add(input),
  }),
  revokeManagementKey: t.field({
    type: ManagementKey,
    description:
      'Signed. The keys wrapped for it are erased, its requests refused and its subscriptions closed from now on. CONFLICT for the last one.',
    extensions: signed,
    args: {
      id: t.arg.id({ required: true }),
      revocation: t.arg({ type: 'JWS', description: 'By another management key than the revoked one.' }),
    },
    resolve: (_root, { id, revocation }, ctx) => ctx.managementKeys.revoke(id, revocation),
  }),
}))

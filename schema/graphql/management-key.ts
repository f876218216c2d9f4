import { builder } from './builder.ts'
import { managementKeyKinds, type ManagementKey as ManagementKeyShape } from './domain.ts'

const ManagementKeyKind = builder.enumType('ManagementKeyKind', { values: managementKeyKinds })

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
        'What others wrap keys to: OKP X25519 or EC P-256. Null when wrapping is symmetric and the key never leaves its owner.',
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
  }),
})

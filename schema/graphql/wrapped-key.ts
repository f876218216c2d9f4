import { acquiring, builder } from './builder.ts'
import { type WrappedKey as WrappedKeyShape } from './domain.ts'
import { ManagementKey } from './management-key.ts'
import { TransactionKey } from './transaction-key.ts'
import type { acquisitionPurposes } from '../wire/enums.ts'

const purposeDescriptions = {
  USE: { description: 'To use the key. Counted.' },
  REWRAP: {
    description:
      'To wrap the key for another management key. Not counted as a use; always raises KeysRewrappedAlert. Granted before notBefore and beyond maxUses too.',
  },
  EXPORT: {
    description:
      'To make a backup. Not counted as a use; always raises KeysExportedAlert. Granted before notBefore and beyond maxUses too.',
  },
} satisfies Record<(typeof acquisitionPurposes)[number], object>

export const AcquisitionPurpose = builder.enumType('AcquisitionPurpose', { values: purposeDescriptions })

const WrappedKey = builder.objectRef<WrappedKeyShape>('WrappedKey').implement({
  fields: (t) => ({
    jwe: t.expose('jwe', { type: 'JWE' }),
    managementKey: t.field({
      type: ManagementKey,
      resolve: ({ accountId, managementKeyId }, _args, ctx) =>
        ctx.loaders.managementKey.load({ accountId, id: managementKeyId }),
    }),
    transactionKey: t.field({
      type: TransactionKey,
      resolve: ({ accountId, transactionKeyId }, _args, ctx) =>
        ctx.loaders.transactionKey.load({ accountId, id: transactionKeyId }),
    }),
  }),
})

const wrappedKeyDescription = `\
Signed. Acquires a transaction key, wrapped for the management key that signed the request.
USE counts as one use. No other field of the API returns a JWE.
Errors: NOT_FOUND (no such key in this account, or it is not wrapped for this management key), KEY_REVOKED,
KEY_NOT_YET_VALID, KEY_OVERUSED (only under OverusePolicy.REFUSE).
An expired key is still released, because its owner may need it to open old data.
acquisitionId, a UUID chosen by the client, makes a retry safe: repeated by the same management key for the same key
within 24 hours it returns the key again and counts once.`

builder.queryFields((t) => ({
  wrappedKey: t.field({
    type: WrappedKey,
    description: wrappedKeyDescription,
    extensions: acquiring,
    args: {
      transactionKeyId: t.arg.id({ required: true }),
      purpose: t.arg({ type: AcquisitionPurpose, defaultValue: 'USE' }),
      acquisitionId: t.arg.id(),
    },
    resolve: async (_root, { transactionKeyId, purpose, acquisitionId }, ctx) => {
      const [wrappedKey] = await ctx.acquisitions.acquire({
        transactionKeyIds: [transactionKeyId],
        field: 'transactionKeyId',
        purpose: purpose ?? 'USE',
        acquisitionId: acquisitionId ?? null,
      })
      if (wrappedKey === undefined) throw new TypeError('An acquisition of one key answers one key.')
      return wrappedKey
    },
  }),
  wrappedKeys: t.field({
    type: [WrappedKey],
    description:
      'Signed. Acquires several at once, each counted like wrappedKey, in the order asked; all or none. At most 100.',
    extensions: acquiring,
    args: {
      transactionKeyIds: t.arg.idList({ required: true }),
      purpose: t.arg({ type: AcquisitionPurpose, defaultValue: 'USE' }),
      acquisitionId: t.arg.id(),
    },
    resolve: (_root, { transactionKeyIds, purpose, acquisitionId }, ctx) =>
      ctx.acquisitions.acquire({
        transactionKeyIds,
        field: 'transactionKeyIds',
        purpose: purpose ?? 'USE',
        acquisitionId: acquisitionId ?? null,
      }),
  }),
}))

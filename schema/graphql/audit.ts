import { encodeCursorPosition } from '../wire/cursor.ts'
import { auditActions } from '../wire/enums.ts'
import { builder } from './builder.ts'
import type { AuditEntry as AuditEntryShape, AuditHead as AuditHeadShape, Page } from './domain.ts'
import { ManagementKey } from './management-key.ts'
import { PageInfo } from './page-info.ts'
import { TransactionKey } from './transaction-key.ts'
import { AcquisitionPurpose } from './wrapped-key.ts'

const AuditAction = builder.enumType('AuditAction', { values: auditActions })

/** The cursor of an entry: where a page resumes. */
export function auditCursorOf({ sequence, occurredAt }: AuditEntryShape): string {
  return encodeCursorPosition('audit', { position: sequence, atMs: occurredAt.getTime() })
}

export const AuditFilter = builder.inputType('AuditFilter', {
  description: 'An entry matches when it matches all members that are given.',
  fields: (t) => ({
    actions: t.field({ type: [AuditAction] }),
    transactionKeyId: t.id(),
    managementKeyId: t.id({ description: 'The management key that signed the request.' }),
    granted: t.boolean(),
    since: t.field({ type: 'DateTime', description: 'Inclusive.' }),
    until: t.field({ type: 'DateTime', description: 'Exclusive.' }),
  }),
})

const AuditEntry = builder.objectRef<AuditEntryShape>('AuditEntry').implement({
  description:
    'An action on the account or one of its keys, done or refused. An acquisition has an entry for each key.',
  fields: (t) => ({
    id: t.exposeID('id'),
    action: t.expose('action', { type: AuditAction }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime' }),
    granted: t.boolean({
      description: "False where it was refused; code is then the error's.",
      resolve: ({ code }) => code === null,
    }),
    code: t.exposeString('code', { nullable: true }),
    purpose: t.expose('purpose', {
      type: AcquisitionPurpose,
      nullable: true,
      description: 'Null for every action but KEY_ACQUIRED.',
    }),
    managementKey: t.field({
      type: ManagementKey,
      nullable: true,
      description: 'The management key that signed the request.',
      resolve: ({ accountId, managementKeyId }, _args, ctx) =>
        ctx.loaders.managementKey.load({ accountId, id: managementKeyId }),
    }),
    managementKeyId: t.exposeID('managementKeyId', { description: 'Its id, as it is hashed.' }),
    transactionKey: t.field({
      type: TransactionKey,
      nullable: true,
      description: 'Null also when the account has no such key, e.g. where code is NOT_FOUND.',
      resolve: ({ accountId, transactionKeyId }, _args, ctx) =>
        transactionKeyId === null
          ? null
          : ctx.loaders.findTransactionKey.load({ accountId, id: transactionKeyId }),
    }),
    transactionKeyId: t.exposeID('transactionKeyId', {
      nullable: true,
      description:
        'The id that was asked for, as it is hashed. Null when the action is about no transaction key, and for a malformed id.',
    }),
    affectedManagementKey: t.field({
      type: ManagementKey,
      nullable: true,
      description: 'The management key that was added or revoked, or that a transaction key was wrapped for.',
      resolve: ({ accountId, affectedManagementKeyId }, _args, ctx) =>
        affectedManagementKeyId === null
          ? null
          : ctx.loaders.managementKey.load({ accountId, id: affectedManagementKeyId }),
    }),
    affectedManagementKeyId: t.exposeID('affectedManagementKeyId', {
      nullable: true,
      description: 'Its id, as it is hashed.',
    }),
    address: t.exposeString('address', {
      nullable: true,
      description:
        "The client's address as the server knows it; null where the operator does not record addresses (AUDIT_ADDRESSES).",
    }),
    sequence: t.exposeInt('sequence', {
      nullable: true,
      description:
        "Its number in the account's log: 1, 2, 3, … without gaps. Null until it is sealed, a second after it happened at most; this server seals what it lists.",
    }),
    hash: t.exposeString('hash', {
      nullable: true,
      description:
        'Hex SHA-256 over the entry and the hash before it (docs/audit-log.md), so that a removed or changed entry is noticed. Null until it is sealed.',
    }),
  }),
})

const AuditEdge = builder.objectRef<Page<AuditEntryShape>['edges'][number]>('AuditEdge').implement({
  fields: (t) => ({
    cursor: t.exposeString('cursor'),
    node: t.expose('node', { type: AuditEntry }),
  }),
})

export const AuditConnection = builder.objectRef<Page<AuditEntryShape>>('AuditConnection').implement({
  fields: (t) => ({
    edges: t.field({ type: [AuditEdge], resolve: (page) => [...page.edges] }),
    pageInfo: t.field({ type: PageInfo, resolve: (page) => page }),
  }),
})

export const AuditHead = builder.objectRef<AuditHeadShape>('AuditHead').implement({
  description:
    'Both ends of the chain of sealed entries. An owner who keeps it notices later when entries up to it were removed or changed.',
  fields: (t) => ({
    sequence: t.exposeInt('sequence', {
      description: "The newest sealed entry's; 0 when there is none.",
    }),
    hash: t.exposeString('hash', { description: "That entry's; zeros when there is none." }),
    sealedAt: t.expose('sealedAt', { type: 'DateTime', nullable: true }),
    prunedSequence: t.exposeInt('prunedSequence', {
      description: 'The number of the last entry that was removed when its retention ended; 0 when none was.',
    }),
    prunedHash: t.exposeString('prunedHash', {
      description:
        "That entry's; zeros when none was removed. The oldest entry that is kept is chained to it.",
    }),
    statement: t.field({
      type: 'JWS',
      description: 'The same facts signed by the key server (docs/protocol.md, "Signed audit heads").',
      resolve: (head) => head.statement(),
    }),
  }),
})

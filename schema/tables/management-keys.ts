import { sql } from 'drizzle-orm'
import { boolean, foreignKey, jsonb, pgEnum, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import type { SigningJwk, WrappingJwk } from '../wire/keys/jwk.ts'
import { accounts } from './accounts.ts'
import { accountIdColumn, instant } from './columns.ts'
import { managementKeyKinds } from '../wire/enums.ts'

export const managementKeyKind = pgEnum('management_key_kind', managementKeyKinds)

/** Public halves of the keys that wrap an account's transaction keys and sign its requests. */
export const managementKeys = pgTable(
  'management_keys',
  {
    accountId: accountIdColumn(),
    /** RFC 7638 thumbprint of the signing key. */
    id: text('id').notNull(),
    label: text('label').notNull(),
    kind: managementKeyKind('kind').notNull(),
    signingKey: jsonb('signing_key').$type<SigningJwk>().notNull(),
    wrappingKey: jsonb('wrapping_key').$type<WrappingJwk>(),
    /** A signed statement (JWS): why to trust the key. */
    endorsement: text('endorsement'),
    createdAt: instant('created_at')
      .notNull()
      .default(sql`now()`),
    /** To the minute: written at most once in it. */
    lastUsedAt: instant('last_used_at'),
    revokedAt: instant('revoked_at'),
    /** The operator has suspended the account. A copy of `accounts.suspended_at`, where every request looks anyway. */
    suspendedAt: instant('suspended_at'),
    /** A signed statement (JWS) of the management key that revoked it. */
    revocation: text('revocation'),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.id] }),
    foreignKey({ columns: [table.accountId], foreignColumns: [accounts.id] }),
  ],
)

/**
 * Directory of thumbprints: the signing key and the account of each management key. A request names its key only, so this
 * look-up comes before any other and reads this one row. A row never changes, which makes it safe to cache: a key belongs to
 * one account for good, also after its revocation.
 */
export const managementKeyOwners = pgTable('management_key_owners', {
  managementKeyId: text('management_key_id').primaryKey(),
  accountId: uuid('account_id').notNull(),
  /** A copy of `management_keys.signing_key`. */
  signingKey: jsonb('signing_key').$type<SigningJwk>().notNull(),
  /** The kind is VIEWER: the key reads, and nothing else. */
  isViewer: boolean('is_viewer').notNull(),
})

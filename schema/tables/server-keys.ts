import { sql } from 'drizzle-orm'
import { boolean, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import type { SigningJwk } from '../wire/keys/jwk.ts'
import { instant } from './columns.ts'

/** The key server's own signing keys, shared by all servers on this database. They are no account's, so the key has none. */
export const serverKeys = pgTable('server_keys', {
  /** RFC 7638 thumbprint. */
  id: text('id').primaryKey(),
  publicKey: jsonb('public_key').$type<SigningJwk>().notNull(),
  /** The private JWK as a compact JWE under the server's secret. */
  sealedPrivateKey: text('sealed_private_key').notNull(),
  createdAt: instant('created_at')
    .notNull()
    .default(sql`now()`),
  /** Published and not yet signing: the next rotation's key. At most one is. */
  isPrepared: boolean('is_prepared').notNull().default(false),
  /** From then on it signs no more; it stays published while answers that it signed may be shown. */
  retiredAt: instant('retired_at'),
})

import { sql } from 'drizzle-orm'
import {
  bigint,
  foreignKey,
  index,
  jsonb,
  pgEnum,
  pgSequence,
  pgTable,
  text,
  uuid,
} from 'drizzle-orm/pg-core'
import type { SigningJwk } from '../wire/keys/jwk.ts'
import { instant } from './columns.ts'

/**
 * Application servers that registered, to learn of changes of their clients' keys. The row is also what the positions of
 * its changes are counted under.
 */
export const applicationServers = pgTable(
  'application_servers',
  {
    /** Made from the name, as an account's id is: so names are unique without a second unique index. */
    id: uuid('id').primaryKey(),
    /** As transaction keys are stored for it. */
    name: text('name').notNull(),
    createdAt: instant('created_at')
      .notNull()
      .default(sql`now()`),
    /** Null until the first of its keys was proved: until then no change is stored. */
    provedAt: instant('proved_at'),
    /** Ticket of the document that last proved its keys. One with an earlier ticket may be older, and changes nothing. */
    proofTicket: bigint('proof_ticket', { mode: 'number' }).notNull().default(0),
    /** Position of the newest change. */
    changePosition: bigint('change_position', { mode: 'number' }).notNull().default(0),
    /** Changes up to this position are no longer kept. */
    changeLowWaterMark: bigint('change_low_water_mark', { mode: 'number' }).notNull().default(0),
    /** When the change at the low-water mark occurred. */
    changeLowWaterMarkAt: instant('change_low_water_mark_at'),
  },
  (table) => [index('application_servers_name').on(table.name)],
)

/** Tickets of documents, taken before they are asked for. */
export const proofTickets = pgSequence('proof_tickets')

/** The source of a proof that a key is the application server's: its own well-known document, or the key server's operator. */
export const applicationServerProof = pgEnum('application_server_proof', ['WELL_KNOWN', 'OPERATOR'])

/** The keys that application servers sign with. A key belongs to one application server for good. */
export const applicationServerKeys = pgTable(
  'application_server_keys',
  {
    /** RFC 7638 thumbprint of the signing key. */
    id: text('id').primaryKey(),
    applicationServerId: uuid('application_server_id').notNull(),
    signingKey: jsonb('signing_key').$type<SigningJwk>().notNull(),
    registeredAt: instant('registered_at')
      .notNull()
      .default(sql`now()`),
    /** Null: not proved. Its requests are then those of an unknown key. */
    proof: applicationServerProof('proof'),
    revokedAt: instant('revoked_at'),
  },
  (table) => [
    foreignKey({ columns: [table.applicationServerId], foreignColumns: [applicationServers.id] }),
    index('application_server_keys_of_server').on(table.applicationServerId),
  ],
)

/** The operator's approvals of keys that are not registered. One takes effect when its key registers with this name. */
export const applicationServerApprovals = pgTable('application_server_approvals', {
  /** RFC 7638 thumbprint of the signing key. */
  keyId: text('key_id').primaryKey(),
  /** The application server's. */
  name: text('name').notNull(),
  approvedAt: instant('approved_at')
    .notNull()
    .default(sql`now()`),
})

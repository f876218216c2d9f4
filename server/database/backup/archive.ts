import { z } from 'zod'

/**
 * The content of a backup, as lines of UTF-8: the head as JSON; each table as a line of JSON, its rows in the text format of
 * COPY, and a line `\.`; and the end as JSON. Every major version of PostgreSQL reads the rows of every other one.
 */
export const archiveHead = z.object({
  /** The version of the program that wrote it, e.g. 0.1.0. */
  program: z.string(),
  /** PostgreSQL's major version there. */
  postgresql: z.int(),
  /** By the database's clock, at the snapshot: RFC 3339. */
  madeAt: z.iso.datetime(),
  /** Hashes of the migrations that the database had, in order. */
  migrations: z.array(z.string()).min(1),
  /**
   * The secret that opened the signing key of the key server: the setting, what is made from the database's password,
   * or neither. Null when there was no such key yet.
   */
  secret: z.enum(['SETTING', 'PASSWORD', 'NEITHER']).nullable(),
})

export type ArchiveHead = z.infer<typeof archiveHead>

/** Names go into SQL, quoted. */
const name = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/)

export const archiveTable = z.object({ table: name, columns: z.array(name).min(1) })

export type ArchiveTable = z.infer<typeof archiveTable>

export const archiveEnd = z.object({
  sequences: z.array(z.object({ name, value: z.string().regex(/^-?\d{1,19}$/), isCalled: z.boolean() })),
  /** How many each table has. */
  rows: z.record(z.string(), z.int()),
})

export type ArchiveEnd = z.infer<typeof archiveEnd>

export const endOfRows = '\\.\n'

/** A backup that cannot be used. The message follows its name: `is cut off`. */
export class UnusableBackup extends Error {
  override readonly name = 'UnusableBackup'
}

/** Rows in the text format of COPY, which has a line break nowhere else. */
export function countRows(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(lineBreak); at >= 0; at = bytes.indexOf(lineBreak, at + 1)) count++
  return count
}

export const lineBreak = 0x0a

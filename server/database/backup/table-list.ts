import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Executor } from '../connect.ts'
import { journalTable } from '../migrate.ts'
import type { ArchiveTable } from './archive.ts'

/**
 * The tables of a schema but the journal of migrations and those of extensions, each after those that its foreign keys
 * refer to: in this order rows can be stored.
 */
export async function listTables(tx: Executor, schema: string): Promise<ArchiveTable[]> {
  const answer = await tx.execute(sql`
    SELECT c.relname AS "table",
      (SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
      (SELECT coalesce(json_agg(DISTINCT other.relname), '[]') FROM pg_constraint f
        JOIN pg_class other ON other.oid = f.confrelid
        WHERE f.conrelid = c.oid AND f.contype = 'f' AND other.oid <> c.oid) AS referred
    FROM pg_class c
    WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = ${schema}) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relname <> ${journalTable}
      AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.relname`)
  return inOrder(rows.parse([...answer]))
}

const rows = z.array(
  z.object({ table: z.string(), columns: z.array(z.string()), referred: z.array(z.string()) }),
)

function inOrder(waiting: z.infer<typeof rows>): ArchiveTable[] {
  const ordered: ArchiveTable[] = []
  while (ordered.length < waiting.length) {
    const placed = new Set(ordered.map(({ table }) => table))
    const ready = waiting.filter(
      ({ table, referred }) => !placed.has(table) && referred.every((name) => placed.has(name)),
    )
    if (ready.length === 0) throw new TypeError('Foreign keys lead in a circle.')
    ordered.push(...ready.map(({ table, columns }) => ({ table, columns })))
  }
  return ordered
}

/**
 * The sequences of a schema, except the journal's, and their positions. They are in no snapshot, but later positions
 * will do.
 */
export async function listSequences(tx: Executor, schema: string) {
  const found = await tx.execute<{ name: string }>(sql`
    SELECT c.relname AS name FROM pg_class c
    WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = ${schema}) AND c.relkind = 'S' AND NOT EXISTS (
      SELECT FROM pg_depend d LEFT JOIN pg_class owner ON owner.oid = d.refobjid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND (d.deptype = 'e' OR owner.relname = ${journalTable}))
    ORDER BY 1`)
  const sequences = []
  for (const { name } of found) {
    const [state] = await tx.execute<{ value: string; is_called: boolean }>(
      sql`SELECT last_value::text AS value, is_called FROM ${sql.identifier(schema)}.${sql.identifier(name)}`,
    )
    if (state !== undefined) sequences.push({ name, value: state.value, isCalled: state.is_called })
  }
  return sequences
}

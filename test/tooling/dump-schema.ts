import type postgres from 'postgres'

/**
 * The tables, indexes, constraints, functions and triggers of the schema that the connection works in, as SQL in a stable
 * order: what schema/schema.sql holds. The journal of the migrations is left out. The npm packages of PostgreSQL have no
 * pg_dump, and the text of PostgreSQL's own definitions is the same from 15 to 18.
 */
export async function dumpSchema(sql: postgres.Sql | postgres.TransactionSql): Promise<string> {
  const rows = await sql<{ definition: string }[]>`
    WITH schema AS (
      SELECT oid, nspname FROM pg_namespace WHERE nspname = current_schema()
    ), tables AS (
      SELECT c.oid, c.relname, c.reloptions FROM pg_class c JOIN schema ON schema.oid = c.relnamespace
      WHERE c.relkind = 'r' AND c.relname <> '__drizzle_migrations'
    ), parts AS (
      SELECT 1 AS part, t.typname::text AS name, format(E'CREATE TYPE %I AS ENUM (\n%s\n);', t.typname, labels) AS definition
      FROM pg_type t JOIN schema ON schema.oid = t.typnamespace
      CROSS JOIN LATERAL (
        SELECT string_agg(format('  %L', enumlabel), E',\n' ORDER BY enumsortorder) AS labels FROM pg_enum WHERE enumtypid = t.oid
      ) AS enum
      WHERE t.typtype = 'e'
      UNION ALL
      SELECT 2, c.relname, format('CREATE SEQUENCE %I AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s;',
        c.relname, format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache)
      FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN schema ON schema.oid = c.relnamespace
      WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i'))
      UNION ALL
      SELECT 3, t.relname, format(E'CREATE TABLE %I (\n%s\n)%s;', t.relname, concat_ws(E',\n', columns, constraints),
        ' WITH (' || array_to_string(t.reloptions, ', ') || ')')
      FROM tables t
      CROSS JOIN LATERAL (
        SELECT string_agg(concat_ws(' ', format('  %I %s', a.attname, format_type(a.atttypid, a.atttypmod)),
          CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)), E',\n' ORDER BY a.attnum) AS columns
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
      ) AS column_list
      CROSS JOIN LATERAL (
        -- PostgreSQL 18 also lists NOT NULL (n), which stands with its column.
        SELECT string_agg(format('  CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)), E',\n' ORDER BY contype DESC, conname) AS constraints
        FROM pg_constraint WHERE conrelid = t.oid AND contype IN ('p', 'u', 'c', 'f', 'x')
      ) AS constraint_list
      UNION ALL
      SELECT 4, t.relname || '/' || c.relname, pg_get_indexdef(i.indexrelid) || ';'
      FROM pg_index i JOIN tables t ON t.oid = i.indrelid JOIN pg_class c ON c.oid = i.indexrelid
      WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND conrelid = i.indrelid)
      UNION ALL
      SELECT 5, p.proname || '/' || pg_get_function_identity_arguments(p.oid), rtrim(pg_get_functiondef(p.oid)) || ';'
      FROM pg_proc p JOIN schema ON schema.oid = p.pronamespace WHERE p.prokind = 'f'
      UNION ALL
      SELECT 6, t.relname || '/' || g.tgname, pg_get_triggerdef(g.oid) || ';'
      FROM pg_trigger g JOIN tables t ON t.oid = g.tgrelid WHERE NOT g.tgisinternal
    )
    SELECT replace(definition, quote_ident(nspname) || '.', '') AS definition
    FROM parts CROSS JOIN schema
    ORDER BY part, name COLLATE "C"`
  return `${[header, ...rows.map(({ definition }) => definition)].join('\n\n')}\n`
}

const header =
  '-- Derived from the migrations by `npm run schema:sql`. Read it, change schema/tables/ and schema/functions/.'

import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { DatabaseHost } from '../address.ts'
import type { Executor } from '../connect.ts'
import {
  delegatedFunctions,
  droppedForeignKeys,
  functionsOfShards,
  placements,
  type Placement,
} from './placement.ts'

/** In a checkout the folders themselves, in a package the copies beside the compiled files. */
const folderOf = (name: string) => fileURLToPath(new URL(`../../../schema/${name}`, import.meta.url))
const plainFolder = folderOf('functions')
const distributedFolder = folderOf('distribution')

const oldestMajor = 12

const state = z.object({ has_citus: z.boolean(), is_distributed: z.boolean() })

/** Whether a database has Citus, and whether the tables are distributed by it. */
export async function readDistribution(
  tx: Pick<Executor, 'execute'>,
): Promise<{ readonly hasCitus: boolean; readonly isDistributed: boolean }> {
  const [found] = await tx.execute(sql`
    SELECT to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL AS has_citus, false AS is_distributed`)
  if (!state.parse(found).has_citus) return { hasCitus: false, isDistributed: false }
  const [row] = await tx.execute(sql`
    SELECT true AS has_citus,
      EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = to_regclass('accounts')) AS is_distributed`)
  return { hasCitus: true, isDistributed: state.parse(row).is_distributed }
}

/**
 * Further statements of a transaction see a type or a function that it created only if each node is reached by one
 * connection.
 */
export const sequentially = sql`SET LOCAL citus.multi_shard_modify_mode TO 'sequential'`

/** The changes of {@link distribute}. */
export interface Distributed {
  /** Tables that were not distributed before. */
  readonly tables: readonly string[]
  /** Those that hold shards. */
  readonly nodes: readonly DatabaseHost[]
}

/**
 * Distributes the tables that are not distributed yet, and replaces functions by those that distributed tables need.
 * Repeated, it changes nothing.
 *
 * @param tx on the coordinator, holding the lock of the migrations
 * @throws Error in words when this is no Citus that can take them
 */
export async function distribute(tx: Executor): Promise<Distributed> {
  const nodes = await assertCoordinator(tx)
  await tx.execute(sequentially)
  const tables: string[] = []
  for (const [table, placement] of Object.entries(placements)) {
    if (await isDistributed(tx, table)) continue
    await dropForeignKeys(tx, table)
    await place(tx, table, placement)
    tables.push(table)
  }
  // find_management_key looks through the shards by it.
  await tx.execute(sql`CREATE INDEX IF NOT EXISTS management_keys_id ON management_keys (id)`)
  for (const text of await readDistributedFunctions()) await tx.execute(sql.raw(text))
  await distributeFunctions(tx)
  return { tables, nodes }
}

const cluster = z.object({
  version: z.string().nullable(),
  is_coordinator: z.boolean(),
  nodes: z.array(z.object({ host: z.string(), port: z.int() })),
})

async function assertCoordinator(tx: Executor): Promise<readonly DatabaseHost[]> {
  if (!(await readDistribution(tx)).hasCitus) {
    throw new Error('This database has no Citus: CREATE EXTENSION citus on every node first.')
  }
  const [row] = await tx.execute(sql`
    SELECT (SELECT extversion FROM pg_extension WHERE extname = 'citus') AS version,
      (SELECT groupid = 0 FROM pg_dist_local_group) AS is_coordinator,
      (SELECT coalesce(json_agg(json_build_object('host', nodename, 'port', nodeport)), '[]') FROM pg_dist_node
        WHERE noderole = 'primary' AND isactive AND shouldhaveshards) AS nodes`)
  const { version, is_coordinator: isCoordinator, nodes } = cluster.parse(row)
  if (Number.parseInt(version ?? '0', 10) < oldestMajor) {
    throw new Error(`Citus ${version ?? ''} is too old: ${String(oldestMajor)} or newer is needed.`)
  }
  if (!isCoordinator) throw new Error('This is a worker: distribute through the coordinator.')
  if (nodes.length === 0) {
    throw new Error(
      'No node may hold shards: add workers with citus_add_node, or let the coordinator hold them.',
    )
  }
  return nodes
}

async function isDistributed(tx: Executor, table: string): Promise<boolean> {
  const found = await tx.execute(sql`
    SELECT FROM pg_dist_partition WHERE logicalrelid = to_regclass(${table})`)
  return found.length > 0
}

async function dropForeignKeys(tx: Executor, table: string): Promise<void> {
  for (const { refersTo } of droppedForeignKeys.filter((key) => key.table === table)) {
    const found = await tx.execute<{ name: string }>(sql`
      SELECT conname AS name FROM pg_constraint
      WHERE contype = 'f' AND conrelid = to_regclass(${table}) AND confrelid = to_regclass(${refersTo})`)
    for (const { name } of found) {
      await tx.execute(sql`ALTER TABLE ${sql.identifier(table)} DROP CONSTRAINT ${sql.identifier(name)}`)
    }
  }
}

async function place(tx: Executor, table: string, placement: Placement): Promise<void> {
  if (placement === 'EVERYWHERE') {
    await tx.execute(sql`SELECT create_reference_table(${table})`)
    return
  }
  if (placement === 'COORDINATOR') {
    // Known to the engine, so that a transaction which writes it and another node commits on both or on neither.
    await tx.execute(sql`SELECT citus_add_local_table_to_metadata(${table})`)
    return
  }
  const { by, beside } = placement
  await tx.execute(
    sql`SELECT create_distributed_table(${table}, ${by}, colocate_with => ${beside ?? 'none'})`,
  )
}

/** The functions that distributed tables need. Bodies are not checked when a function is created, so any order will do. */
export async function readDistributedFunctions(): Promise<string[]> {
  const files = (await readdir(distributedFolder)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all([
    ...files.map((file) => readFile(join(distributedFolder, file), 'utf8')),
    ...functionsOfShards.map(async (name) => {
      const text = await readFile(join(plainFolder, `${name}.sql`), 'utf8')
      return text.replace(`FUNCTION ${name}(`, `FUNCTION ${name}_of_shard(`)
    }),
  ])
}

async function distributeFunctions(tx: Executor): Promise<void> {
  const functions = await tx.execute<{ name: string; signature: string; is_known: boolean }>(sql`
    SELECT p.proname AS name, p.oid::regprocedure::text AS signature,
      EXISTS (SELECT FROM pg_dist_object o WHERE o.classid = 'pg_proc'::regclass AND o.objid = p.oid) AS is_known
    FROM pg_proc p
    WHERE p.pronamespace = current_schema()::regnamespace AND NOT EXISTS (
      SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')`)
  for (const { name, signature, is_known: isKnown } of functions) {
    const delegated = delegatedFunctions.find((one) => one.name === name)
    if (delegated !== undefined) {
      await tx.execute(
        sql`SELECT create_distributed_function(${signature}, ${delegated.by}, colocate_with => ${delegated.beside})`,
      )
    } else if (!isKnown) await tx.execute(sql`SELECT create_distributed_function(${signature})`)
  }
}

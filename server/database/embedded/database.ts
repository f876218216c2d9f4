import type postgres from 'postgres'
import { openPostgres, requireScram } from '../open-postgres.ts'
import { within } from '../within.ts'
import type { LoopbackAddress } from './loopback.ts'

/** How to reach the cluster: always on loopback, and with one password for both of its roles. */
export interface Access extends LoopbackAddress {
  password: string
}

/**
 * The address of a database for a role: `postgres` administrates the cluster, `claviger` owns the database of that name
 * and nothing else, so that a fault in the key server's SQL does not reach the operating system. While PostgreSQL is down,
 * any user of the machine can take its port: only a server that proves to know the password is believed to be it.
 */
export function databaseUrl(access: Access, to: 'postgres' | 'claviger'): string {
  const host = access.host.includes(':') ? `[${access.host}]` : access.host
  return requireScram(`postgres://${to}:${encodeURIComponent(access.password)}@${host}:${access.port}/${to}`)
}

/** How PostgreSQL answers a connection: `none` is no answer, or one that our PostgreSQL would not give. */
export type Answer = 'ready' | 'not now' | 'wrong password' | 'none'

/** Tries a connection, for at most five seconds. Does not throw. */
export async function probe(access: Access): Promise<Answer> {
  const sql = administrator(access)
  try {
    await within(5_000, sql`select 1`)
    return 'ready'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // 57P03: starting up, recovering or shutting down. 53300: all connections are in use, and it lives.
    if (code === '57P03' || code === '53300') return 'not now'
    return code === '28P01' ? 'wrong password' : 'none'
  } finally {
    await sql.end({ timeout: 0 })
  }
}

/** Makes sure that the role and the database `claviger` exist, and returns the address of the latter as the former. */
export async function prepareDatabase(access: Access): Promise<string> {
  const sql = administrator(access)
  try {
    const [found] = await within(
      30_000,
      sql<{ role: boolean; database: boolean }[]>`
        select exists (select from pg_roles where rolname = 'claviger') as role,
               exists (select from pg_database where datname = 'claviger') as database`,
    )
    // base64url has no quote to escape. No log line carries the statement: see the server's settings.
    if (found?.role !== true) {
      await within(30_000, sql.unsafe(`create role claviger login password '${access.password}'`))
    }
    if (found?.database !== true) {
      await within(30_000, sql.unsafe('create database claviger owner claviger'))
      await within(30_000, makeRoomForWal(sql))
    }
    return databaseUrl(access, 'claviger')
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/**
 * Allocates the disk that the WAL needs, about 40 MB, beforehand: a checkpoint recycles the segments so far, which then
 * last from one checkpoint to the next unless much is written. So the database's directory does not grow with each
 * request.
 */
async function makeRoomForWal(sql: postgres.Sql): Promise<void> {
  await sql`select pg_create_restore_point('segment'), pg_switch_wal() from generate_series(1, 12)`
  await sql`checkpoint`
}

function administrator(access: Access): postgres.Sql {
  return openPostgres(databaseUrl(access, 'postgres'), {
    max: 1,
    connect_timeout: 5,
    fetch_types: false,
    onnotice: () => undefined,
  })
}

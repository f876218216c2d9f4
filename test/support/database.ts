import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import postgres from 'postgres'
import { inject } from 'vitest'
import { copyCitusDatabase, createCitusDatabase, dropCitusDatabase, isOnCitus } from './citus.ts'

/** A database for one test file. Drop it in `afterAll`; connections that are still open are ended then. */
export interface TestDatabase {
  readonly url: string
  drop(): Promise<void>
}

/**
 * A migrated, empty database of its own, as a copy of the run's template: about 0.05 s. Through the WAL, since copying
 * files takes two checkpoints, which wait for whatever else the cluster is writing.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  if (isOnCitus) return createOnCitus((url, name) => copyCitusDatabase(url, 'claviger_template', name))
  return create('template claviger_template strategy wal_log')
}

/** A database without any table. */
export async function emptyTestDatabase(): Promise<TestDatabase> {
  if (isOnCitus) return createOnCitus(createCitusDatabase)
  return create('template template0')
}

async function create(how: string): Promise<TestDatabase> {
  const { name, url } = newName()
  await execute(`create database ${name} ${how}`)
  return { url, drop: () => drop(name) }
}

async function createOnCitus(
  make: (clusterUrl: string, name: string) => Promise<void>,
): Promise<TestDatabase> {
  const { name, url } = newName()
  const clusterUrl = inject('clusterUrl')
  await make(clusterUrl, name)
  return { url, drop: () => dropCitusDatabase(clusterUrl, name) }
}

function newName(): { readonly name: string; readonly url: string } {
  const name = `claviger_test_${randomBytes(8).toString('hex')}`
  const url = new URL(inject('clusterUrl'))
  url.pathname = `/${name}`
  return { name, url: url.href }
}

/** A second time where an autovacuum worker was there, which our role may not end: it leaves by itself. */
async function drop(name: string): Promise<void> {
  const statement = `drop database if exists ${name} with (force)`
  await execute(statement).catch(async () => {
    await setTimeout(2_000)
    await execute(statement)
  })
}

async function execute(statement: string): Promise<void> {
  const sql = postgres(inject('clusterUrl'), {
    max: 1,
    connect_timeout: 10,
    connection: { statement_timeout: 20_000 },
    onnotice: () => undefined,
  })
  try {
    await sql.unsafe(statement)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

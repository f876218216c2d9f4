import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../../server/database/embedded/index.ts'
import { migrate } from '../../server/database/migrate.ts'
import { openPostgres } from '../../server/database/open-postgres.ts'
import { createCitusDatabase, distributeTestDatabase, dropCitusDatabase, isOnCitus } from './citus.ts'
import { notOnCitus } from './not-on-citus.ts'
import { clusterName } from './run-directory.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A database of the run's PostgreSQL, as a role that may create databases. */
    clusterUrl: string
  }
}

/** Migrated, and never connected to after that: `createTestDatabase` copies it. */
const templateDatabase = 'claviger_template'

/**
 * Before the first test file: one PostgreSQL for the run, in the run's directory, or the one that TEST_DATABASE_URL
 * names (its role needs CREATEDB; citus.ts says what TEST_CITUS=1 needs), and in it the migrated template. The returned
 * function ends what was started.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (process.env['TEST_CITUS'] === '1') {
    for (const { files, why } of notOnCitus)
      process.stdout.write(`Left out on Citus: ${files}, which ${why}.\n`)
  }
  const ownUrl = process.env['TEST_DATABASE_URL']
  const cluster =
    ownUrl === undefined ? await startCluster() : { url: ownUrl, remove: () => Promise.resolve() }
  try {
    await createTemplate(cluster.url)
  } catch (error) {
    await cluster.remove()
    throw error
  }
  project.provide('clusterUrl', cluster.url)
  return cluster.remove
}

async function startCluster(): Promise<{ url: string; remove: () => Promise<void> }> {
  const dataDirectory = join(tmpdir(), clusterName)
  // Key servers of all workers share it, some files run several, and each has some 15 connections.
  const cluster = await startEmbeddedPostgres({ dataDirectory, connectionsMax: 400 })
  try {
    await allowCreatingDatabases(cluster.url, join(dataDirectory, 'password'))
  } catch (error) {
    await cluster.stop()
    throw error
  }
  // Tests open it with postgres.js itself as well, which takes require_auth for a setting of the server.
  return { url: cluster.url.replace(/\?.*/, ''), remove: () => cluster.stop() }
}

async function allowCreatingDatabases(url: string, passwordFile: string): Promise<void> {
  const { password } = new URL(url)
  const administrator = new URL(url)
  administrator.username = 'postgres'
  administrator.password = (await readFile(passwordFile, 'utf8')).trim()
  administrator.pathname = '/postgres'
  await execute(administrator.href, [
    'alter role claviger createdb',
    // Each copy of the template goes through the WAL, and compressing it took four fifths of a copy's processor time.
    'alter role claviger set wal_compression = off',
    // A login hashes the password 4096 times at both ends, for passwords that people choose: a sixth of a connection's processor time.
    'set scram_iterations = 1',
    `alter role claviger password '${decodeURIComponent(password)}'`,
  ])
}

async function createTemplate(clusterUrl: string): Promise<void> {
  if (isOnCitus) {
    await dropCitusDatabase(clusterUrl, templateDatabase)
    await createCitusDatabase(clusterUrl, templateDatabase)
    const url = new URL(clusterUrl)
    url.pathname = `/${templateDatabase}`
    await distributeTestDatabase(url.href)
    return
  }
  await execute(clusterUrl, [
    `drop database if exists ${templateDatabase} with (force)`,
    `create database ${templateDatabase}`,
  ])
  const template = new URL(clusterUrl)
  template.pathname = `/${templateDatabase}`
  await migrate(template.href)
}

async function execute(url: string, statements: readonly string[]): Promise<void> {
  const sql = openPostgres(url, { max: 1, connect_timeout: 10, onnotice: () => undefined })
  try {
    for (const statement of statements) await sql.unsafe(statement)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

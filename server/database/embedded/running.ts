import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { databaseUrl, probe } from './database.ts'
import { findSystemUsers } from './operating-user.ts'
import { findPostmaster } from './postmaster.ts'
import { assertTrustworthy } from './trust.ts'

/**
 * Finds the PostgreSQL of a data directory that is running, for a command beside the key server that owns it. Nothing is
 * started, stopped or owned.
 *
 * @throws Error in words when another user of the machine has made the directory
 * @returns the database's address, with the password; undefined when none answers
 */
export async function findRunningPostgres(directory: string): Promise<string | undefined> {
  const dataDirectory = resolve(directory)
  const postmaster = await findPostmaster(join(dataDirectory, 'postgres'))
  if (postmaster?.port === undefined || postmaster.host === undefined || postmaster.identity === 'another')
    return undefined
  await assertTrustworthy(dataDirectory, { trusted: await findSystemUsers() })
  const password = await readFile(join(dataDirectory, 'password'), 'utf8')
  const access = { host: postmaster.host, port: postmaster.port, password: password.trim() }
  return (await probe(access)) === 'ready' ? databaseUrl(access, 'claviger') : undefined
}

/** Whether a data directory has a database, or what was one. */
export async function hasEmbeddedDatabase(directory: string): Promise<boolean> {
  const names = await readdir(join(resolve(directory), 'postgres')).catch(() => [])
  return names.length > 0
}

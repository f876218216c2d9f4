import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { databaseUrl, probe } from './database.ts'
import { findPostmaster } from './postmaster.ts'

/**
 * Finds the PostgreSQL of a data directory that is running, for a command beside the key server that owns it. Nothing is
 * started, stopped or owned.
 *
 * @returns the database's address, with the password; undefined when none answers
 */
export async function findRunningPostgres(directory: string): Promise<string | undefined> {
  const dataDirectory = resolve(directory)
  const postmaster = await findPostmaster(join(dataDirectory, 'postgres'))
  if (postmaster?.port === undefined || postmaster.identity === 'another') return undefined
  const password = await readFile(join(dataDirectory, 'password'), 'utf8')
  const access = { port: postmaster.port, password: password.trim() }
  return (await probe(access)) === 'ready' ? databaseUrl(access, 'claviger') : undefined
}

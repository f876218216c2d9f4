import type postgres from 'postgres'

const oldestMajor = 15
const newestMajor = 18

/**
 * What this server asks of its database, in words; empty when all is well. "Acknowledged" means durable here, so a
 * database that may forget what it acknowledged is refused.
 */
export async function unmetRequirements(sql: postgres.Sql): Promise<string[]> {
  const [settings] = await sql<{ version: string; fsync: string; commit: string; encoding: string }[]>`
    SELECT current_setting('server_version_num') AS version, current_setting('fsync') AS fsync,
      current_setting('synchronous_commit') AS commit, current_setting('server_encoding') AS encoding`
  if (settings === undefined) throw new Error('PostgreSQL did not answer with its settings.')
  const major = Math.floor(Number(settings.version) / 10_000)
  return [
    major < oldestMajor &&
      `PostgreSQL ${String(major)} is too old: ${String(oldestMajor)} to ${String(newestMajor)} are supported.`,
    settings.fsync === 'off' && 'PostgreSQL runs with fsync = off and may lose what it acknowledged.',
    settings.commit === 'off' &&
      'PostgreSQL runs with synchronous_commit = off and may lose what it acknowledged.',
    settings.encoding !== 'UTF8' && 'The database must have the encoding UTF8.',
  ].filter((problem) => problem !== false)
}

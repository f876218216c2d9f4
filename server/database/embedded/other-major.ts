import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { version } from '../../lib/version.ts'
import type { Cluster } from './cluster.ts'

/** Keeps beside a database which version of this package used it last: it brings the PostgreSQL that can read it. */
export async function noteVersion(dataDirectory: string): Promise<void> {
  await writeFile(join(dataDirectory, versionFile), `${version}\n`, { mode: 0o644 })
}

const versionFile = 'version'

/** Instructions for a database that another major version of PostgreSQL has written: its files are of use to that one only. */
export async function explainOtherMajor(
  { dataDirectory, clusterDirectory, binaries }: Cluster,
  writtenBy: number,
): Promise<string> {
  const noted = (await readFile(join(dataDirectory, versionFile), 'utf8').catch(() => '')).trim()
  const isKnown = /^\d+\.\d+\.\d+[\w.-]*$/.test(noted)
  const former = isKnown
    ? `@claviger/server@${noted}`
    : '@claviger/server@VERSION, the version that used it last'
  const what =
    `The database in ${clusterDirectory} was written by PostgreSQL ${String(writtenBy)}, and this version brings ` +
    `PostgreSQL ${String(binaries.majorVersion)}`
  if (writtenBy > binaries.majorVersion) {
    return `${what}, which cannot read it. Use ${former}, or a later version.`
  }
  return `${what}. Carry it over, with the same DATA_DIR and SERVER_KEY_SECRET, and leave the file "password" where it is:
  1. npx ${former} database backup FILE
     or, where PostgreSQL ${String(writtenBy)} is installed: claviger database backup FILE --postgresql DIRECTORY_OF_ITS_PROGRAMS
  2. mv ${clusterDirectory} ${clusterDirectory}-${String(writtenBy)}.old
  3. claviger database restore FILE
Then start the key server, and remove ${clusterDirectory}-${String(writtenBy)}.old when all is well.`
}

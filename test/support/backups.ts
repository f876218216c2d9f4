import { readFile, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { backUp, type Backup } from '../../server/database/backup/back-up.ts'
import { withBackup } from '../../server/database/backup/read-backup.ts'
import { restore } from '../../server/database/backup/restore.ts'
import { findRoute } from '../../server/database/route.ts'
import { administer, type Administrator } from './connections.ts'

/** Backs up as the operator's command does, but in this process. */
export async function backUpTo(path: string, url: string): Promise<Backup> {
  return backUp({ url, route: await findRoute(url), path, findSecret: () => Promise.resolve('SETTING') })
}

/** Restores as the operator's command does, but in this process and whatever the secret. Answers the counts of rows. */
export async function restoreTo(url: string, path: string): Promise<Record<string, number>> {
  const route = await findRoute(url)
  const restored = await withBackup(path, (backup) =>
    restore(backup, { url, route, settle: () => Promise.resolve(null) }),
  )
  return restored.rows
}

/** Looks at a database from outside. */
export async function looking<T>(url: string, work: (sql: Administrator['sql']) => Promise<T>): Promise<T> {
  const administrator = administer(url)
  try {
    return await work(administrator.sql)
  } finally {
    await administrator.close()
  }
}

/** A fingerprint of each table's rows. */
export async function fingerprint(url: string): Promise<Record<string, string>> {
  return looking(url, async (sql) => {
    const names = await sql<{ name: string }[]>`
      SELECT relname AS name FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT LIKE '\\_\\_%'`
    const found: Record<string, string> = {}
    for (const { name } of names) {
      const [row] = await sql<{ all: string }[]>`
        SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, E'\n' ORDER BY t::text), '')) AS all FROM ${sql(name)} AS t`
      found[name] = row?.all ?? ''
    }
    return found
  })
}

/** The names of a database's tables. */
export async function tablesOf(url: string): Promise<string[]> {
  return looking(url, async (sql) => {
    const rows = await sql<{ name: string }[]>`
      SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`
    return rows.map(({ name }) => name)
  })
}

/** Writes a backup anew with another content, under the checksum that this one has. */
export async function rewrite(path: string, target: string, change: (text: string) => string): Promise<void> {
  const bytes = await readFile(path)
  const body = bytes.subarray(bytes.indexOf('\n') + 1)
  const changed = gzipSync(change(gunzipSync(body).toString('utf8')))
  const sha256 = createHash('sha256').update(changed).digest('hex')
  await writeFile(target, Buffer.concat([Buffer.from(`claviger-backup 1 sha256:${sha256}\n`), changed]))
}

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { thumbprintOf } from '../../server/lib/thumbprint-of.ts'
import { applicationServer, type Owner } from './owners.ts'

const run = promisify(execFile)

/** As many as pgbench takes. */
const scriptsMax = 100

/** Debian's newest pgbench, which is not on the PATH; null where there is none. */
export async function findPgbench(): Promise<string | null> {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? await readdir(root) : []
  const newest = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => `${root}/${version}/bin/pgbench`)
  return newest.find((file) => existsSync(file)) ?? null
}

export interface PgbenchOptions {
  readonly databaseUrl: string
  readonly owners: readonly Owner[]
  readonly statement: 'select' | 'acquire'
  readonly connections: number
  readonly seconds: number
}

/** The peers' statement for one key, from PostgreSQL's own client, prepared. @returns transactions a second, and all */
export async function runPgbench(
  program: string,
  { databaseUrl, owners, statement, connections, seconds }: PgbenchOptions,
): Promise<{ readonly perSecond: number; readonly count: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-pgbench-'))
  try {
    const files = await Promise.all(
      owners.slice(0, scriptsMax).map(async (owner, index) => {
        const file = join(directory, `${index}.sql`)
        await writeFile(file, statement === 'select' ? selectOf(owner) : acquireOf(owner))
        return file
      }),
    )
    const { stdout } = await run(program, [
      '--no-vacuum',
      '--protocol=prepared',
      `--client=${connections}`,
      '--jobs=1',
      `--time=${seconds}`,
      ...files.map((file) => `--file=${file}`),
      // Older ones do not know all parameters of ours.
      databaseUrl.split('?')[0] ?? '',
    ])
    const read = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? NaN)
    return {
      perSecond: read(/^tps = ([\d.]+)/m),
      count: read(/^number of transactions actually processed: (\d+)/m),
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function selectOf({ accountId, publicKeys: [publicKey] }: Owner): string {
  return `SELECT u.revoked_at, k.not_before, k.expires_at, k.certificate
FROM transaction_keys k
JOIN transaction_key_usage u ON u.account_id = k.account_id AND u.transaction_key_id = k.id
WHERE k.account_id = '${accountId}' AND k.application_server = '${applicationServer}'
  AND k.thumbprint = '${publicKey ? thumbprintOf(publicKey) : ''}';
`
}

function acquireOf({ accountId, managementKeyId, transactionKeyIds: [id = ''] }: Owner): string {
  return `WITH consumed AS (
  INSERT INTO nonces (principal_id, key_id, nonce, expires_at)
  VALUES ('${accountId}', '${managementKeyId}', gen_random_uuid()::text, now() + interval '1 minute')
  ON CONFLICT DO NOTHING RETURNING 1
), used AS (
  UPDATE transaction_key_usage SET use_count = use_count + 1, last_used_at = now()
  WHERE account_id = '${accountId}' AND transaction_key_id = '${id}' AND EXISTS (SELECT FROM consumed)
    AND (max_uses IS NULL OR use_count < max_uses)
  RETURNING transaction_key_id
)
SELECT w.jwe FROM used JOIN wrapped_keys w ON w.account_id = '${accountId}'
  AND w.transaction_key_id = used.transaction_key_id AND w.management_key_id = '${managementKeyId}';
`
}

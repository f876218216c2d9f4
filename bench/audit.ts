/**
 * The cost of the audit log for an acquisition: the processor time of PostgreSQL for the database function as it is, for the same
 * function without the statement that records, and for sealing what was recorded. The two run in turns on one connection.
 * Processor time, because the rate on a machine that does other work says little about 10 %.
 *
 *   node bench/audit.ts [rounds]     by default 12 rounds of 1,000 acquisitions each; about 90 seconds
 */
import { z } from 'zod'
import { createNonce } from '../schema/wire/signatures/http-signature.ts'
import { sealAuditEntries } from '../server/audit/seal.ts'
import { connectSql } from '../server/database/connect.ts'
import { startBenchDatabase } from './support/database.ts'
import { print } from './support/figures.ts'
import { storeOwners, type Owner } from './support/owners.ts'
import { processorMsOf } from './support/processor-time.ts'

const rounds = Number(process.argv[2] ?? 12)
const acquisitions = 1_000
const recording = /\n +INSERT INTO audit_pending [^;]*;/

const database = await startBenchDatabase()
const sql = connectSql(database.url, { max: 1 })
try {
  const [found] = await sql`
    SELECT pg_get_functiondef('acquire_wrapped_keys'::regproc) AS text, pg_backend_pid() AS pid`
  const { text, pid } = z.object({ text: z.string().regex(recording), pid: z.number() }).parse(found)
  await database.sql.unsafe(
    text.replace(recording, '').replace('acquire_wrapped_keys(', 'acquire_unrecorded('),
  )
  const owners = await storeOwners(database.sql, { count: 200, keysEach: 5 })
  const spent = { unrecorded: 0, recorded: 0, sealing: 0 }
  /** Adds to each what `work` took, the first round apart, in which statements are planned. */
  const measure = async (what: keyof typeof spent, round: number, work: () => Promise<void>) => {
    const beganMs = await processorMsOf(pid)
    await work()
    if (round > 0) spent[what] += (await processorMsOf(pid)) - beganMs
  }
  for (let round = 0; round <= rounds; round++) {
    await measure('unrecorded', round, () => acquireAll('acquire_unrecorded', owners))
    await measure('recorded', round, () => acquireAll('acquire_wrapped_keys', owners))
    await measure('sealing', round, async () => {
      while (await sealAuditEntries({ writes: { sql } }));
    })
  }
  const microseconds = (ms: number) => `${((ms * 1000) / (rounds * acquisitions)).toFixed(0)} µs`
  const ratio = (spent.recorded + spent.sealing) / spent.unrecorded
  print(
    `An acquisition: ${microseconds(spent.unrecorded)} unrecorded, ${microseconds(spent.recorded)} recorded, ` +
      `${microseconds(spent.sealing)} for sealing: ${ratio.toFixed(3)} (target: 1.150)`,
  )
} finally {
  await sql.end({ timeout: 5 })
  await database.stop()
}

async function acquireAll(
  name: 'acquire_wrapped_keys' | 'acquire_unrecorded',
  owners: readonly Owner[],
): Promise<void> {
  const created = Math.floor(Date.now() / 1000)
  for (let index = 0; index < acquisitions; index++) {
    const { accountId, managementKeyId, transactionKeyIds } = owners[index % owners.length] ?? fail()
    const keyId = transactionKeyIds[index % transactionKeyIds.length] ?? fail()
    const [row] = await sql`
      SELECT outcome FROM ${sql(name)}(${accountId}, ${managementKeyId}, ${createNonce()}, ${created}, ${created + 60},
        ${[keyId]}::uuid[], 'USE', NULL, 24, NULL)`
    if (row?.['outcome'] !== 'GRANTED') fail()
  }
}

function fail(): never {
  throw new Error('An acquisition was not granted.')
}

/*
 * A process that runs transactions on a database whose connections somebody keeps ending. It is a process of its own,
 * because an exception that nobody can catch is seen as its exit. Arguments: guarded or plain; milliseconds.
 * DATABASE_URL names a database with the table storm. Prints a {@link StormReport} at its end.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { connectDatabases, type Executor } from '../../server/database/connect.ts'
import { runTransaction } from '../../server/database/transaction.ts'

export interface StormReport {
  /** Transactions that resolved. Each has written its three rows. */
  readonly acknowledged: readonly number[]
  readonly rejected: number
  /** Transactions that neither resolved nor rejected in time. */
  readonly pending: number
  readonly longestMs: number
}

const [, , mode, durationMs] = process.argv
const settleMsMax = 15_000

const databases = connectDatabases({ url: process.env['DATABASE_URL'] ?? '', writeConnectionsMax: 6 })
const { db } = databases.writes
const inTransaction =
  mode === 'guarded'
    ? (work: (tx: Executor) => Promise<void>) => runTransaction(db, work)
    : (work: (tx: Executor) => Promise<void>) => db.transaction(work)

const acknowledged: number[] = []
let rejected = 0
let pending = 0
let longestMs = 0
let last = 0

const began = performance.now()
await Promise.all(Array.from({ length: 12 }, work))
const report: StormReport = { acknowledged, rejected, pending, longestMs: Math.round(longestMs) }
process.stdout.write(JSON.stringify(report))
// Left-overs must not keep the process: the report says whether there are any.
process.exit(0)

/** A busy machine takes longer until enough was acknowledged and rejected to say something. */
function goesOn(): boolean {
  const isEnough = acknowledged.length > 30 && rejected > 10
  return performance.now() - began < Number(durationMs) * (isEnough || mode === 'plain' ? 1 : 3)
}

async function work(): Promise<void> {
  while (goesOn()) {
    const id = ++last
    const startedMs = performance.now()
    const late = new AbortController()
    const outcome = await Promise.race([
      inTransaction(async (tx) => {
        await tx.execute(sql`INSERT INTO storm VALUES (${id}, 1)`)
        // A connection that is lost while no statement runs is noticed by none.
        await delay(id % 7)
        await tx.execute(sql`INSERT INTO storm VALUES (${id}, 2)`)
        await tx.execute(sql`INSERT INTO storm VALUES (${id}, 3)`)
      }).then(
        () => 'resolved' as const,
        () => 'rejected' as const,
      ),
      delay(settleMsMax, 'pending' as const, { signal: late.signal }),
    ])
    late.abort()
    if (outcome === 'resolved') acknowledged.push(id)
    else if (outcome === 'rejected') rejected++
    else pending++
    longestMs = Math.max(longestMs, performance.now() - startedMs)
  }
}

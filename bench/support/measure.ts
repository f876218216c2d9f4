import type { BenchDatabase } from './database.ts'
import { loadServer } from './generator.ts'
import type { Operation } from './operations.ts'
import type { BenchServer } from './processes.ts'
import type { Measured } from './report.ts'

/** More than any server answers of them in a second. */
const signedRequestsMax = 10_000

/** Has a server do one operation for some seconds. @throws Error when an answer is not as expected */
export async function measure(
  database: BenchDatabase,
  server: BenchServer,
  { operation, seconds }: { readonly operation: Operation; readonly seconds: number },
): Promise<Measured> {
  const before = await Promise.all([server.processorMs(), database.processorMs()])
  const summary = await load(server.url, operation, seconds)
  const after = await Promise.all([server.processorMs(), database.processorMs()])
  const { requests, failures, p50Ms, p99Ms } = summary
  if (failures > 0)
    throw new Error(`${operation.name}: ${failures} answers of ${server.url} were not as expected.`)
  return {
    perSecond: (requests * operation.units) / summary.seconds,
    p50Ms,
    p99Ms,
    serverMicroseconds: ((after[0] - before[0]) * 1_000) / (requests * operation.units),
    databaseMicroseconds: ((after[1] - before[1]) * 1_000) / (requests * operation.units),
    memoryMB: await server.memoryMB(),
  }
}

/** The same without figures, for instance to warm up. */
export async function load(url: string, operation: Operation, forSeconds: number) {
  const { connections, expected, isSigned } = operation
  const requests: Uint8Array[] = []
  const count = isSigned ? forSeconds * signedRequestsMax : 2_000
  for (let index = 0; index < count; index++) requests.push(await operation.next(url))
  return loadServer({ url, connections, seconds: forSeconds, requests, expected })
}

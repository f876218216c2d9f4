import { z } from 'zod'
import { eventually } from './connections.ts'
import type { TestServer } from './server.ts'

const anyLine = z.record(z.string(), z.unknown())
const requestLine = z.strictObject({
  level: z.number(),
  time: z.string(),
  requestId: z.string(),
  operation: z.string(),
  code: z.string(),
  durationMs: z.number(),
  account: z.string().optional(),
  msg: z.literal('request'),
})

/** The log line of a request. */
export type RequestLine = z.infer<typeof requestLine>

/** The log lines of requests so far: a line is written once the client has its answer. */
export function requestLinesOf(server: Pick<TestServer, 'logLines'>): RequestLine[] {
  return parsedLinesOf(server).flatMap((line) => (line['msg'] === 'request' ? [requestLine.parse(line)] : []))
}

/** Everything that a server has logged. */
export function parsedLinesOf({ logLines }: Pick<TestServer, 'logLines'>): Record<string, unknown>[] {
  return logLines.map((line) => anyLine.parse(JSON.parse(line)))
}

/** The next line of a request that `isWanted`, written after `work` began. */
export async function lineOf(
  server: Pick<TestServer, 'logLines'>,
  work: () => Promise<unknown>,
  isWanted: (line: RequestLine) => boolean = () => true,
): Promise<RequestLine> {
  const before = requestLinesOf(server).length
  await work()
  const after = () => requestLinesOf(server).slice(before).filter(isWanted)
  await eventually(() => Promise.resolve(after().length > 0), {
    withinMs: 5_000,
    what: 'a line of the request',
  })
  const [line] = after()
  if (line === undefined) throw new TypeError('There was a line.')
  return line
}

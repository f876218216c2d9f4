import type { Readable } from 'node:stream'
import { quoteName } from '../quote-name.ts'
import type { Run } from '../transact.ts'
import { countRows, endOfRows, type ArchiveEnd, type ArchiveHead, type ArchiveTable } from './archive.ts'

export interface ArchiveContent {
  readonly head: ArchiveHead
  /** In the order in which they can be stored again. */
  readonly tables: readonly ArchiveTable[]
  readonly schema: string
  readonly listSequences: () => Promise<ArchiveEnd['sequences']>
  /** Told the end, when all of it is read. */
  readonly onEnd: (end: ArchiveEnd) => void
}

/** Yields the bytes of an archive, some {@link chunkBytes} at a time. Its tables are read as they are asked for. */
export async function* writeArchive(
  run: Run,
  { head, tables, schema, listSequences, onEnd }: ArchiveContent,
): AsyncGenerator<Buffer> {
  const rows: Record<string, number> = {}
  yield lineOf(head)
  for (const table of tables) {
    yield lineOf(table)
    let count = 0
    const stream = await openRows(run, { table, schema })
    try {
      for await (const bytes of inChunks(stream)) {
        count += countRows(bytes)
        yield bytes
      }
    } finally {
      // postgres.js 3.4.9 pauses its socket for a full stream, and leaves it so when the last rows filled it, or when nobody
      // reads on: the next answer would never be read. Its stream's `_read` resumes the socket.
      stream._read(0)
    }
    rows[table.table] = count
    yield Buffer.from(endOfRows)
  }
  const end = { sequences: await listSequences(), rows }
  onEnd(end)
  yield lineOf(end)
}

function lineOf(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`)
}

async function openRows(
  run: Run,
  { table, schema }: { readonly table: ArchiveTable; readonly schema: string },
): Promise<Readable> {
  const columns = table.columns.map(quoteName).join(', ')
  const from = `${quoteName(schema)}.${quoteName(table.table)}`
  return run((connection) => connection.unsafe(`COPY (SELECT ${columns} FROM ${from}) TO STDOUT`).readable())
}

const chunkBytes = 64 * 1024

/** PostgreSQL sends each row by itself; a step for each row would cost more than the row. */
async function* inChunks(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = []
  let length = 0
  for await (const piece of pieces) {
    waiting.push(piece)
    length += piece.length
    if (length < chunkBytes) continue
    yield Buffer.concat(waiting)
    waiting = []
    length = 0
  }
  if (length > 0) yield Buffer.concat(waiting)
}

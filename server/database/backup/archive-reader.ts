import { z } from 'zod'
import {
  archiveEnd,
  archiveHead,
  archiveTable,
  endOfRows,
  lineBreak,
  UnusableBackup,
  type ArchiveEnd,
  type ArchiveHead,
  type ArchiveTable,
} from './archive.ts'

/** Far beyond what one account may store in one row. */
const lineBytesMax = 64 * 2 ** 20

/** Reads an archive from its bytes, in order: the head, each table and then its rows, the end. Holds one row at a time. */
export class ArchiveReader {
  readonly #bytes: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(bytes: AsyncIterable<Buffer>) {
    this.#bytes = bytes[Symbol.asyncIterator]()
  }

  /** @throws {UnusableBackup} as do the others, for anything else than an archive */
  async readHead(): Promise<ArchiveHead> {
    return this.#readJson(archiveHead)
  }

  /** A table, whose rows come next, or the end. */
  async readNext(): Promise<ArchiveTable | ArchiveEnd> {
    return this.#readJson(z.union([archiveTable, archiveEnd]))
  }

  /** The rows of the table that was read last, some whole rows at a time. */
  async *readRows(): AsyncGenerator<Buffer> {
    for (;;) {
      const end = findEndOfRows(this.#rest)
      const whole = end ?? this.#rest.lastIndexOf(lineBreak) + 1
      if (whole > 0) yield this.#rest.subarray(0, whole)
      this.#rest = this.#rest.subarray(end === null ? whole : end + endOfRows.length)
      if (end !== null) return
      await this.#readMore()
    }
  }

  /** Reads on to the last byte, after which there may be nothing. */
  async assertOver(): Promise<void> {
    const { done } = await this.#bytes.next()
    if (done !== true || this.#rest.length > 0) throw new UnusableBackup('goes on after its end')
  }

  async #readJson<T>(shape: z.ZodType<T>): Promise<T> {
    const parsed = shape.safeParse(parseJson(await this.#readLine()))
    if (!parsed.success) throw new UnusableBackup('has a line that this version cannot read')
    return parsed.data
  }

  async #readLine(): Promise<string> {
    let end: number
    while ((end = this.#rest.indexOf(lineBreak)) < 0) await this.#readMore()
    const line = this.#rest.toString('utf8', 0, end)
    this.#rest = this.#rest.subarray(end + 1)
    return line
  }

  async #readMore(): Promise<void> {
    if (this.#rest.length > lineBytesMax) throw new UnusableBackup('has a line that never ends')
    const step = await this.#bytes.next()
    if (step.done === true) throw new UnusableBackup('ends too early')
    this.#rest = this.#rest.length === 0 ? step.value : Buffer.concat([this.#rest, step.value])
  }
}

/** The position of the line that ends the rows; null when it is further on. */
function findEndOfRows(bytes: Buffer): number | null {
  if (bytes.subarray(0, endOfRows.length).equals(Buffer.from(endOfRows))) return 0
  const before = bytes.indexOf(`\n${endOfRows}`)
  return before < 0 ? null : before + 1
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

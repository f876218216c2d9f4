import { pipeline } from 'node:stream/promises'
import type postgres from 'postgres'

/**
 * Sends the bytes of `rows` to a COPY … FROM STDIN.
 *
 * postgres.js 3.4.9 tells nobody of an error that PostgreSQL finds after the last byte: it has given up the stream by then, and
 * resolved the query when it was opened. So the query's `reject`, which it still calls, is put to use.
 *
 * @throws PostgreSQL's error
 */
export async function copyIn(
  connection: postgres.TransactionSql,
  { statement, rows }: { readonly statement: string; readonly rows: AsyncIterable<Buffer> },
): Promise<void> {
  const query = connection.unsafe(statement)
  const { promise: failure, reject } = Promise.withResolvers<never>()
  void Object.assign(query, { reject })
  const copied = query.writable().then((stream) => pipeline(rows, stream))
  await Promise.race([copied, failure])
}

import { pipeline } from 'node:stream/promises'
import type postgres from 'postgres'

/**
 * Sends the bytes of `rows` to a COPY … FROM STDIN.
 *
 * postgres.js 3.4.9 reports no error that PostgreSQL finds after the last byte: by then it has given up the stream, and it
 * resolved the query when the stream was opened. But it still calls the query's `reject`, which is used here.
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

/** Reads all of a stream, for the effects of its steps. */
export async function drain(source: AsyncIterable<unknown>): Promise<void> {
  const iterator = source[Symbol.asyncIterator]()
  for (let isOver = false; !isOver;) isOver = (await iterator.next()).done === true
}

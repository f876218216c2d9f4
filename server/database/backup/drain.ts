/** Takes all that comes, for what happens on the way. */
export async function drain(source: AsyncIterable<unknown>): Promise<void> {
  const iterator = source[Symbol.asyncIterator]()
  for (let isOver = false; !isOver;) isOver = (await iterator.next()).done === true
}

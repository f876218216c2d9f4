/**
 * The same query, whose promise rejects with CONNECTION_CLOSED when it has not run. See also {@link assertExecuted}.
 *
 * postgres.js 3.4.9 takes a statement for the current one that comes in the moment between a connection's failure and its
 * close, and never sends it. When the place is connected anew, the first "ready for query" resolves it: without rows and without
 * an error, as if it had been done. Such a result lacks the command tag that PostgreSQL ends every statement with.
 */
export function rejectUnexecuted<Query>(query: Query): Query {
  // A fragment of a statement is no promise.
  if (!(query instanceof Promise)) return query
  const then = query.then.bind(query)
  const value = (...answer: Parameters<typeof then>) => then(assertExecuted).then(...answer)
  return Object.defineProperty(query, 'then', { value, configurable: true })
}

/**
 * The result of a statement, with its rows from the first place on.
 *
 * postgres.js 3.4.9 counts the rows of a result, and counts on when its connection was lost between a row and the end: the
 * first statement after the reconnection has its rows behind as many holes, and `[row]` would read none.
 *
 * @throws Error CONNECTION_CLOSED
 */
export function assertExecuted<Result>(result: Result): Result {
  if (!Array.isArray(result) || !('command' in result)) return result
  if (result.command === null) {
    throw Object.assign(new Error('The statement was never sent: its connection was lost.'), {
      code: 'CONNECTION_CLOSED',
    })
  }
  // A hole, unlike a member that is undefined.
  while (result.length > 0 && !(0 in result)) result.shift()
  return result
}

/**
 * The same query, whose promise rejects with CONNECTION_CLOSED when it has not run. See also {@link assertExecuted}.
 *
 * postgres.js 3.4.9 never sends a statement that comes between a connection's failure and its close, but takes it for the
 * current one. After the reconnection the first "ready for query" resolves it, without rows and without an error, as if it had
 * run. Such a result lacks the command tag with which PostgreSQL ends every statement.
 */
export function rejectUnexecuted<Query>(query: Query): Query {
  // A fragment of a statement is no promise.
  if (!(query instanceof Promise)) return query
  const then = query.then.bind(query)
  const value = (...answer: Parameters<typeof then>) => then(assertExecuted).then(...answer)
  return Object.defineProperty(query, 'then', { value, configurable: true })
}

/**
 * The result of a statement, with its rows from index 0.
 *
 * postgres.js 3.4.9 counts the rows of a result, and does not begin anew when the connection was lost before its end: the rows
 * of the first statement after the reconnection come behind as many holes, and `[row]` would read none.
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

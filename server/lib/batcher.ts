import DataLoader from 'dataloader'

export interface BatcherOptions {
  /** Queries of one call. */
  readonly batchMax: number
  /** Calls that are under way at a time. */
  readonly callsMax?: number
}

/**
 * Gathers calls that are made at the same time into one call of `fetchAll`, whose results are in the order of its queries.
 * Nothing is cached: a later call fetches again.
 *
 * A single query waits for no timer. While `callsMax` calls are under way, further queries are gathered until one of them has
 * ended: the busier the database, the larger the batches, and a flood of queries does not become a flood of calls.
 */
export function createBatcher<Query, Result>(
  fetchAll: (queries: readonly Query[]) => Promise<readonly Result[]>,
  { batchMax, callsMax = 2 }: BatcherOptions,
): (query: Query) => Promise<Result> {
  let calls = 0
  const waiting: (() => void)[] = []
  const end = () => {
    calls -= 1
    const send = waiting.shift()
    if (send === undefined) return
    calls += 1
    send()
  }
  const loader = new DataLoader<Query, Result>((queries) => fetchAll(queries).finally(end), {
    cache: false,
    maxBatchSize: batchMax,
    batchScheduleFn: (send) => {
      if (calls >= callsMax) {
        waiting.push(send)
        return
      }
      calls += 1
      // At the end of this turn of the event loop: requests that arrived together are fetched together.
      setImmediate(send)
    },
  })
  return (query) => loader.load(query)
}

import DataLoader from 'dataloader'

/**
 * Gathers calls that are made at the same time into one call of `fetchAll`, whose results are in the order of its queries.
 * Nothing is cached: a later call fetches again.
 */
export function createBatcher<Query, Result>(
  fetchAll: (queries: readonly Query[]) => Promise<readonly Result[]>,
  { batchMax }: { batchMax: number },
): (query: Query) => Promise<Result> {
  const loader = new DataLoader<Query, Result>(fetchAll, {
    cache: false,
    maxBatchSize: batchMax,
    // At the end of this turn of the event loop: requests that arrived together are fetched together.
    batchScheduleFn: (send) => setImmediate(send),
  })
  return (query) => loader.load(query)
}

import DataLoader from 'dataloader'

/**
 * Gathers calls that are made at the same time into one call of `answerAll`, which answers in their order. Nothing is
 * remembered: a call that comes later is answered anew.
 */
export function createBatcher<Question, Answer>(
  answerAll: (questions: readonly Question[]) => Promise<readonly Answer[]>,
  { batchMax }: { batchMax: number },
): (question: Question) => Promise<Answer> {
  const loader = new DataLoader<Question, Answer>(answerAll, {
    cache: false,
    maxBatchSize: batchMax,
    // One turn of the event loop: requests that arrived together are answered together.
    batchScheduleFn: (send) => setImmediate(send),
  })
  return (question) => loader.load(question)
}

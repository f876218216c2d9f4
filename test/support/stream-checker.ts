import type { AlertNode } from './socket.ts'

/** The faults of a stream of alerts: `truth` is the list that the server keeps, in order. Empty when all is well. */
export function faultsOf(
  received: readonly Pick<AlertNode, 'cursor'>[],
  truth: readonly Pick<AlertNode, 'cursor'>[],
): string[] {
  const places = new Map(truth.map(({ cursor }, place) => [cursor, place]))
  const faults: string[] = []
  let expected = 0
  for (const { cursor } of received) {
    const place = places.get(cursor)
    if (place === undefined) faults.push('one that the list does not have')
    else if (place > expected) faults.push(`${place - expected} missing before ${place}`)
    else if (place < expected) faults.push(`${place} again, or too late`)
    expected = Math.max(expected, (place ?? -1) + 1)
  }
  if (expected < truth.length) faults.push(`${truth.length - expected} missing at the end`)
  return faults
}

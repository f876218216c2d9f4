/**
 * The name that a misspelt one is likely to mean: the nearest by insertions, deletions, substitutions and swaps of
 * neighbours (Damerau–Levenshtein, optimal string alignment), one in five characters and at most two. Null: none is near.
 */
export function nearName(name: string, known: readonly string[]): string | null {
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: distanceOf(name, candidate) }))
    .filter(
      ({ candidate, distance }) => distance <= Math.min(2, Math.max(1, Math.floor(candidate.length / 5))),
    )
    .sort((a, b) => a.distance - b.distance)
  return nearest?.candidate ?? null
}

function distanceOf(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1]
      const isSwapped = row > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
        isSwapped ? at(beforeLast, column - 2) + 1 : Infinity,
      )
    }
    beforeLast = last
    last = current
  }
  return at(last, to.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity
}

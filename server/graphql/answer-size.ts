/** Characters of a member besides its name and value: quotes, colon and comma. */
const memberCharacters = 4

/**
 * Whether an answer is longer than a number of characters as JSON. The count is approximate: escapes are not counted. It stops
 * at the bound, so a small bound costs little for any answer.
 */
export function isLongerThan(answer: unknown, charactersMax: number): boolean {
  let left = charactersMax
  count(answer)
  return left < 0

  function count(value: unknown): void {
    if (typeof value === 'string') {
      left -= value.length + 2
    } else if (Array.isArray(value)) {
      left -= 2
      for (const item of value) {
        if (left < 0) return
        count(item)
        left -= 1
      }
    } else if (typeof value === 'object' && value !== null) {
      left -= 2
      for (const [name, member] of Object.entries(value)) {
        if (left < 0) return
        left -= name.length + memberCharacters
        count(member)
      }
    } else {
      left -= memberCharacters
    }
  }
}

const name = 'Recovery phrase'

/**
 * The label of a recovery key. It contains the tag that binds the account's first key to the phrase: the key server stores
 * it, and cannot compute another one.
 */
export function recoveryLabel(anchorTag: string): string {
  return `${name} [${anchorTag}]`
}

/** Null when there is none. */
export function anchorTagOf(label: string): string | null {
  return /\[([\w-]{22})\]$/.exec(label)?.[1] ?? null
}

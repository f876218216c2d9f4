/**
 * The mode of this page. `full` and `viewer` are said by the key server that hands it out, `hosted` by a copy on an
 * origin of its own, which no key server can change.
 */
export type ConsoleMode = 'full' | 'viewer' | 'hosted'

const modes: readonly ConsoleMode[] = ['full', 'viewer', 'hosted']

/** A page without a mode that is known does the least. */
export function readMode(page: ParentNode = document): ConsoleMode {
  const content = page.querySelector('meta[name="claviger-console"]')?.getAttribute('content')
  return modes.find((mode) => mode === content) ?? 'viewer'
}

/** The key server's origin; null when the page is hosted elsewhere and its reader has to name one. */
export function fixedKeyServer(mode: ConsoleMode): string | null {
  if (mode !== 'hosted') return location.origin
  const configured: unknown = import.meta.env.VITE_KEY_SERVER
  return typeof configured === 'string' && configured !== '' ? configured : null
}

import { isConsoleBuilt } from '../http/built-console.ts'
import type { ConsoleMode } from '../key-server-options.ts'
import { version } from '../lib/version.ts'

/** The contents of the banner. */
export interface BannerFacts {
  readonly origins: readonly string[]
  /** Where the data is, for people and without a password. */
  readonly data: string
  readonly console: ConsoleMode
}

/** The text that the server prints when it is ready: its addresses and where its data is. */
export function banner({ origins, data, console }: BannerFacts): string {
  const [origin = ''] = origins
  const rows = [
    ['Console', consoleRow(console, origin)],
    ['GraphQL', `${origin}/graphql${hasConsole(console) ? '   (an explorer in a browser)' : ''}`],
    ['Alerts', `${origin.replace(/^http/, 'ws')}/graphql   (graphql-transport-ws; SSE over POST)`],
    ['Health', `${origin}/healthz, ${origin}/readyz`],
    ['Signed for', origins.join(', ')],
    ['Data', data],
  ]
  const lines = rows.map(([name = '', value = '']) => `  ${name.padEnd(11)}${value}`)
  return [`\nClaviger ${version} is ready.\n`, ...lines, '\n  Ctrl-C stops it.\n'].join('\n')
}

function consoleRow(mode: ConsoleMode, origin: string): string {
  if (mode === 'off') return 'off'
  if (!isConsoleBuilt()) return 'not built: npm run build:console'
  return `${origin}/${mode === 'viewer' ? '   (for viewing only)' : ''}`
}

function hasConsole(mode: ConsoleMode): boolean {
  return mode !== 'off' && isConsoleBuilt()
}

import { version } from '../lib/version.ts'

/** The contents of the banner. */
export interface BannerFacts {
  readonly origins: readonly string[]
  /** Where the data is, for people and without a password. */
  readonly data: string
  readonly hasGraphiQL: boolean
}

/** The text that the server prints when it is ready: its addresses and where its data is. */
export function banner({ origins, data, hasGraphiQL }: BannerFacts): string {
  const [origin = ''] = origins
  const rows = [
    ['GraphQL', `${origin}/graphql${hasGraphiQL ? '   (GraphiQL in a browser)' : ''}`],
    ['Alerts', `${origin.replace(/^http/, 'ws')}/graphql   (graphql-transport-ws; SSE over POST)`],
    ['Health', `${origin}/healthz, ${origin}/readyz`],
    ['Signed for', origins.join(', ')],
    ['Data', data],
  ]
  const lines = rows.map(([name = '', value = '']) => `  ${name.padEnd(11)}${value}`)
  return [`\nClaviger ${version} is ready.\n`, ...lines, '\n  Ctrl-C stops it.\n'].join('\n')
}

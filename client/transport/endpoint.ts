import { VaultError } from '../errors.ts'

/**
 * The origin of a key server's URL, e.g. `https://keys.example`. A path is ignored; user names and passwords
 * are refused, because they would be dropped without a word.
 *
 * @throws {VaultError} URL_INVALID.
 */
export function keyServerOrigin(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) throw new VaultError('URL_INVALID')
  if (parsed.username !== '' || parsed.password !== '') {
    throw new VaultError('URL_INVALID', { detail: 'It has no user name and no password.' })
  }
  return parsed.origin
}

/** Where requests go, and the `@target-uri` that is signed for HTTP and WebSocket alike. */
export function httpEndpoint(origin: string): string {
  return `${origin}/graphql`
}

/** Where alert streams go. */
export function webSocketEndpoint(origin: string): string {
  return httpEndpoint(origin).replace(/^http/, 'ws')
}

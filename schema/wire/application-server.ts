/**
 * The normalized name of an application server: an origin in its ASCII serialization (RFC 6454 §6.2), so that `https://x/`,
 * `HTTPS://X:443` and `https://x` are one application server. A name that is not an origin stays as it is.
 */
export function applicationServerName(text: string): string {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return text
  const isOrigin = url.href === `${url.origin}/` && !/[?#\s]/.test(text)
  return isOrigin ? url.origin : text
}

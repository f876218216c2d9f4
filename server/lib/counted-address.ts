import { isIPv6 } from 'node:net'

/**
 * The address that a client is counted by: its IPv4 address, or the /64 of its IPv6 address, because a subscriber has a whole
 * /64.
 *
 * @param address IPv4, or IPv6 without a zone
 */
export function countedAddress(address: string): string {
  if (!address.includes(':') || !isIPv6(address)) return address
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string) => text.split(':').filter((group) => group !== '')
  const zeros = Array<string>(8 - groups(head).length - groups(tail).length).fill('0')
  return `${[...groups(head), ...zeros, ...groups(tail)].slice(0, 4).join(':')}::/64`
}

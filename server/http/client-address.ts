import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'

/**
 * The client that a request is counted for: the IPv4 address, or the /64 of an IPv6 address, because a subscriber has all 2^64
 * of it. It is the other end of the connection; behind a proxy all its clients are one.
 */
export function clientAddressOf({ socket }: Pick<IncomingMessage, 'socket'>): string {
  return countedAddress(socket.remoteAddress ?? '')
}

/** @param address as node:net writes one */
export function countedAddress(address: string): string {
  const mapped = /^::ffff:(?<ipv4>\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.groups?.['ipv4']
  if (mapped !== undefined) return mapped
  const [withoutZone = ''] = address.split('%', 1)
  if (!isIPv6(withoutZone)) return address
  const [head = '', tail = ''] = new URL(`http://[${withoutZone}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string) => text.split(':').filter((group) => group !== '')
  const zeros = Array<string>(8 - groups(head).length - groups(tail).length).fill('0')
  return `${[...groups(head), ...zeros, ...groups(tail)].slice(0, 4).join(':')}::/64`
}

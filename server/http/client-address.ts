import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'
import parseForwarded from 'forwarded-parse'
import { LRUCache } from 'lru-cache'

/** Finds the address of the client that sent a request: IPv4, or IPv6 without a zone; empty when the connection has ended. */
export type ClientAddressReader = (request: {
  readonly socket: Pick<IncomingMessage['socket'], 'remoteAddress'>
  readonly headers: IncomingMessage['headers']
}) => string

export interface ClientAddressOptions {
  /** Addresses, and networks like `10.0.0.0/8`. */
  readonly trustedProxies: readonly string[]
  /** Called with the other end of a connection that is no trusted proxy and sent one of the headers. */
  readonly onUntrusted?: (peer: string) => void
}

/**
 * Makes the reader of client addresses. The client is the other end of the connection, unless that is a trusted proxy: then
 * it is the last address in X-Forwarded-For (or `for` in Forwarded, RFC 7239) that no trusted proxy has. Addresses to the left
 * of it were written by strangers, and are not read.
 *
 * A proxy writes one of the two headers and may pass the other one on as a client sent it. So when both are there and name
 * different clients, neither is believed, and the request is the proxy's own.
 *
 * @throws {TypeError} that names the proxy that is neither
 */
export function createClientAddressReader({
  trustedProxies,
  onUntrusted,
}: ClientAddressOptions): ClientAddressReader {
  const trusted = new BlockList()
  for (const proxy of trustedProxies) add(trusted, proxy)
  const isTrusted = (address: string) => {
    const version = isIP(address)
    return version !== 0 && trusted.check(address, version === 4 ? 'ipv4' : 'ipv6')
  }
  const behind = (peer: string, hops: readonly string[]) => {
    let client = peer
    for (const hop of hops.toReversed()) {
      if (!isTrusted(client)) break
      const address = addressOfNode(hop)
      // Hidden on purpose (RFC 7239 §6.3), or malformed: the proxy before it is the last one that is known.
      if (address === null) break
      client = address
    }
    return client
  }
  const peers = new LRUCache<string, Peer>({
    max: peersMax,
    memoMethod: (remoteAddress) => {
      const address = plainAddress(remoteAddress)
      return { address, isTrusted: isTrusted(address) }
    },
  })
  return ({ socket, headers }) => {
    const { address: peer, isTrusted: isProxy } = peers.memo(socket.remoteAddress ?? '')
    const hopLists = hopsOf(headers)
    if (!isProxy) {
      if (hopLists.length > 0) onUntrusted?.(peer)
      return peer
    }
    const clients = hopLists.map((hops) => behind(peer, hops))
    return new Set(clients).size === 1 ? (clients[0] ?? peer) : peer
  }
}

/** The other end of a connection, parsed once: parsing and comparing it takes 2 µs, for each request otherwise. */
interface Peer {
  readonly address: string
  readonly isTrusted: boolean
}
const peersMax = 1_000

/** Whether a text can stand in the list of trusted proxies. */
export function isAddressOrNetwork(text: string): boolean {
  try {
    add(new BlockList(), text)
    return true
  } catch {
    return false
  }
}

function add(list: BlockList, proxy: string): void {
  const [, net = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(proxy) ?? []
  const version = isIP(net)
  const bitsMax = version === 4 ? 32 : 128
  const bits = Number(prefix ?? bitsMax)
  if (version === 0 || net.includes('%') || bits > bitsMax) {
    throw new TypeError(`${JSON.stringify(proxy)} is no address, and no network like 10.0.0.0/8`)
  }
  list.addSubnet(net, bits, version === 4 ? 'ipv4' : 'ipv6')
}

/** The nodes that each of the two headers lists, the nearest last. */
function hopsOf(headers: IncomingMessage['headers']): string[][] {
  const { 'x-forwarded-for': listed, forwarded } = headers
  return [
    ...(listed === undefined ? [] : [splitList([listed].flat().join(','))]),
    ...(forwarded === undefined ? [] : [nodesOf(forwarded)]),
  ]
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((node) => node.trim())
    .filter((node) => node !== '')
}

/** A malformed header names no client. */
function nodesOf(forwarded: string): string[] {
  try {
    return parseForwarded(forwarded).map(({ for: node = 'unknown' }) => node)
  } catch {
    return ['unknown']
  }
}

/** An address with or without a port: `192.0.2.7:4711`, `[2001:db8::7]:4711`, `2001:db8::7`. Null for anything else. */
function addressOfNode(node: string): string | null {
  const bare = /^\[([^\]]*)\](?::[\w.-]+)?$/.exec(node)?.[1] ?? /^([\d.]+):[\w.-]+$/.exec(node)?.[1] ?? node
  const address = plainAddress(bare)
  return isIP(address) === 0 ? null : address
}

/** IPv6 in its shortest form (RFC 5952) without its zone; an IPv4 address that is written in IPv6 as IPv4. */
function plainAddress(address: string): string {
  const [withoutZone = ''] = address.split('%', 1)
  if (!isIPv6(withoutZone)) return address
  const shortest = new URL(`http://[${withoutZone}]`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(shortest) ?? []
  if (high === undefined || low === undefined) return shortest
  const value = Number.parseInt(high, 16) * 65_536 + Number.parseInt(low, 16)
  return [24, 16, 8, 0].map((bits) => (value >>> bits) & 255).join('.')
}

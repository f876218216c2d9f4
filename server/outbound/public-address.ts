import { BlockList, isIP } from 'node:net'

/**
 * Whether an IP address is one that anybody on the internet could reach: no loopback, no private or shared network, no
 * link-local address (where clouds keep their metadata), none that is reserved. A text that is no IP address is not public.
 *
 * In IPv6 only the global unicast range counts, without the parts of it that embed IPv4 addresses or are for documentation:
 * every IPv4 address that is written as an IPv6 address is refused.
 */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !reserved.check(address, 'ipv4')
    case 6:
      return !address.includes('%') && global.check(address, 'ipv6') && !reserved.check(address, 'ipv6')
    default:
      return false
  }
}

/** IANA's registries of special-purpose addresses (RFC 6890 and its updates), without what is globally reachable. */
const reserved = blockList([
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // Teredo, ORCHID, benchmarking and other protocol assignments
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4
  ['2002::', 16],
  ['3fff::', 20],
])

const global = blockList([['2000::', 3]])

function blockList(subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, isIP(net) === 4 ? 'ipv4' : 'ipv6')
  return list
}

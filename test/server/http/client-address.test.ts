import { describe, expect, test } from 'vitest'
import { createClientAddressReader } from '../../../server/http/client-address.ts'

/** The client's address, by the other end of the connection and the headers that came. */
function clientOf(
  peer: string,
  headers: Record<string, string> = {},
  trustedProxies: readonly string[] = ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32'],
): string {
  const request = { socket: { remoteAddress: peer }, headers }
  return createClientAddressReader({ trustedProxies })(request)
}

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::ffff:c000:207', '192.0.2.7'],
  ['fe80::1%eth0', 'fe80::1'],
  ['2001:0DB8:0:0::9', '2001:db8::9'],
  ['', ''],
])('without trusted proxies the client is the other end of the connection: %s is %s', (peer, client) => {
  expect(clientOf(peer, { 'x-forwarded-for': '198.51.100.1' }, [])).toBe(client)
})

describe('behind trusted proxies the client is the last address that no trusted proxy has', () => {
  test.each([
    ['of one proxy', '198.51.100.7', '198.51.100.7'],
    ['of two proxies', '198.51.100.7, 10.9.9.9', '198.51.100.7'],
    ['of a proxy by its own address', '198.51.100.7, 192.0.2.1', '198.51.100.7'],
    ['and not what it wrote itself', '203.0.113.5, 198.51.100.7, 10.9.9.9', '198.51.100.7'],
    ['also when it names a trusted proxy', '10.0.0.9, 198.51.100.7', '198.51.100.7'],
    ['of IPv6', '2a00:1450::7', '2a00:1450::7'],
    ['of IPv6 behind a proxy of IPv6', '2a00:1450::7, 2001:db8::1', '2a00:1450::7'],
    ['with a port', '198.51.100.7:4711', '198.51.100.7'],
    ['of IPv6 with a port', '[2a00:1450::7]:4711', '2a00:1450::7'],
    ['of IPv4 in IPv6', '::ffff:198.51.100.7', '198.51.100.7'],
    ['inside the proxies’ own network', '10.1.1.1, 10.2.2.2', '10.1.1.1'],
    ['or the proxy, where it names nobody', '', '10.0.0.1'],
    ['or the proxy, where the last one is hidden', '198.51.100.7, unknown', '10.0.0.1'],
    ['or the last proxy that is known', '198.51.100.7, what?, 10.9.9.9', '10.9.9.9'],
  ])('%s', (_what, header, client) => {
    expect(clientOf('10.0.0.1', { 'x-forwarded-for': header })).toBe(client)
  })

  test.each([
    ['in Forwarded', 'for=198.51.100.7;proto=https;by=10.0.0.1', '198.51.100.7'],
    ['quoted, of IPv6 and with a port', 'for="[2a00:1450::7]:4711"', '2a00:1450::7'],
    ['and not what it wrote itself', 'for=203.0.113.5, for=198.51.100.7', '198.51.100.7'],
    ['or the proxy, where it is obfuscated', 'for=198.51.100.7, for=_hidden', '10.0.0.1'],
    ['or the proxy, where nothing is said of it', 'proto=https', '10.0.0.1'],
    ['or the proxy, where the header is malformed', 'for="198.51.100.7', '10.0.0.1'],
  ])('%s', (_what, header, client) => {
    expect(clientOf('10.0.0.1', { forwarded: header })).toBe(client)
  })
})

test('a client cannot choose its address by the header that its proxy does not write', () => {
  const written = '198.51.100.7'
  expect(clientOf('10.0.0.1', { 'x-forwarded-for': written, forwarded: 'for=203.0.113.5' })).toBe('10.0.0.1')
  expect(clientOf('10.0.0.1', { 'x-forwarded-for': written, forwarded: `for=${written}` })).toBe(written)
})

test('whoever is no trusted proxy is believed neither header', () => {
  const headers = { 'x-forwarded-for': '203.0.113.5', forwarded: 'for=203.0.113.5' }
  expect(clientOf('198.51.100.7', headers)).toBe('198.51.100.7')
})

test('a proxy that is not listed is reported', () => {
  const reported: string[] = []
  const read = createClientAddressReader({ trustedProxies: [], onUntrusted: (peer) => reported.push(peer) })
  read({ socket: { remoteAddress: '10.0.0.1' }, headers: {} })
  expect(reported).toEqual([])
  read({ socket: { remoteAddress: '10.0.0.1' }, headers: { forwarded: 'for=198.51.100.7' } })
  expect(reported).toEqual(['10.0.0.1'])
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addressesOf } from '../../../server/outbound/addresses.ts'
import { resolveName } from '../../../server/outbound/resolve-name.ts'
import { startNameServer, type NameServer } from '../../support/name-server.ts'

let nameServer: NameServer
let directory: string
let hostsFile: string
beforeAll(async () => {
  nameServer = await startNameServer({ 'honest.example': '192.0.2.7', 'listed.example': '192.0.2.8' })
  directory = await mkdtemp(join(tmpdir(), 'claviger-hosts-'))
  hostsFile = join(directory, 'hosts')
  await writeFile(
    hostsFile,
    '# 192.0.2.1 honest.example\n192.0.2.9\tListed.example other.example # and more\n',
  )
})
afterAll(async () => {
  await nameServer.close()
  await rm(directory, { recursive: true })
})

function resolve(name: string, { signal = AbortSignal.timeout(20_000) } = {}) {
  return resolveName(name, { signal, servers: [nameServer.address], hostsFile })
}

test('names that no name server answers hold up no other name, and wait on no thread', async () => {
  const ended = new AbortController()
  const silent = Array.from({ length: 64 }, (_, index) =>
    resolve(`a${index}.silent.example`, { signal: ended.signal }).catch(() => 'given up'),
  )
  await expect.poll(() => nameServer.asked.size).toBeGreaterThanOrEqual(64)
  expect(process.getActiveResourcesInfo()).not.toContain('GetAddrInfoReqWrap')
  const beganMs = performance.now()
  expect(await resolve('honest.example')).toEqual(['192.0.2.7'])
  // Less than the silent ones are waited for, which are all still under way.
  expect(performance.now() - beganMs).toBeLessThan(1_000)
  ended.abort()
  expect(new Set(await Promise.all(silent))).toEqual(new Set(['given up']))
  expect(process.getActiveResourcesInfo()).not.toContain('QueryReqWrap')
})

test('a name that no name server answers has no addresses after seconds, without anybody’s time-out', async () => {
  expect(await resolve('alone.silent.example')).toEqual([])
}, 15_000)

test('a name that does not exist has no addresses', async () => {
  expect(await resolve('none.example')).toEqual([])
})

test.each(['localhost', 'LOCALHOST.', 'shop.localhost'])(
  '%s is loopback, and nobody is asked',
  async (name) => {
    expect(await resolve(name)).toEqual(['127.0.0.1', '::1'])
  },
)

test('the hosts file goes before the name servers', async () => {
  expect(await resolve('listed.example')).toEqual(['192.0.2.9'])
  expect(await resolve('other.example.')).toEqual(['192.0.2.9'])
  expect(nameServer.asked).not.toContain('listed.example')
})

test('a signal that was aborted before is heeded', async () => {
  await expect(resolve('honest.example', { signal: AbortSignal.abort() })).rejects.toThrow()
})

test.each([
  ['http://192.0.2.1/', '192.0.2.1'],
  ['http://[2001:db8::1]/', '2001:db8::1'],
])('the host of %s is its address', async (url, address) => {
  const addresses = await addressesOf(new URL(url), {
    resolve: () => Promise.reject(new Error('asked')),
    signal: AbortSignal.timeout(1_000),
  })
  expect(addresses).toEqual([address])
})

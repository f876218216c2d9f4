import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { readKeyList } from '../../../server/application-servers/well-known.ts'
import { runScript } from '../../support/child.ts'
import {
  call,
  createRawKey,
  openAccount,
  send,
  signRequest,
  signSocket,
  storeInput,
  storeMutation,
  type RawKey,
} from '../../support/raw-client.ts'
import { startTestServer } from '../../support/server.ts'
import { RawEvents, RawSocket } from '../../support/socket.ts'
import {
  followOverSocket,
  keyChangesSubscription,
  listing,
  openShop,
  register,
  registerMutation,
  startSite,
  type ShopSite,
} from '../../support/key-changes.ts'
import { useWorld } from '../../support/world.ts'

const server = useWorld({ allowsPrivateApplicationServers: true })

async function unprovedOf(name: string): Promise<string[]> {
  const rows = await server.sql<{ id: string }[]>`
    SELECT k.id FROM application_server_keys k JOIN application_servers s ON s.id = k.application_server_id
    WHERE s.name = ${name} AND k.proof IS NULL`
  return rows.map(({ id }) => id)
}

const thumbprintOfNobody = 'A'.repeat(43)

/** As an unknown key is, over every transport. */
async function expectRefused(key: RawKey): Promise<void> {
  const socket = await RawSocket.open(server.url)
  socket.send({ type: 'connection_init', payload: await signSocket(server.url, key) })
  expect(await socket.closed).toEqual({ code: 4403, reason: 'SIGNATURE_INVALID' })
  const events = await RawEvents.open(server.url, key, { query: keyChangesSubscription })
  expect(JSON.parse((await events.next()).data)).toMatchObject({
    errors: [{ extensions: { code: 'UNAUTHENTICATED', reason: 'SIGNATURE_INVALID' } }],
  })
  await events.close()
}

describe('the document of an application server', () => {
  test.each(['Ed25519', 'ES256'] as const)(
    'proves a key of %s that it lists, which may then subscribe',
    async (algorithm) => {
      const key = await createRawKey(algorithm)
      const site = await startSite(thumbprintOfNobody, key.id)
      const { data } = await register(server.url, key, site.name)
      expect(data?.['registerApplicationServer']).toEqual({
        applicationServer: site.name,
        keyId: key.id,
        proved: true,
        proofFailure: null,
      })
      expect(site.requests).toEqual(['/.well-known/claviger.json'])
      await (await followOverSocket(server.url, key)).close()
    },
  )

  const refusals: readonly { what: string; failure: string; answer: ShopSite['answer'] }[] = [
    { what: 'does not list it', failure: 'NOT_LISTED', answer: listing(thumbprintOfNobody) },
    {
      what: 'is elsewhere',
      failure: 'REFUSED',
      answer: (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    },
    { what: 'is missing', failure: 'REFUSED', answer: (response) => response.writeHead(404).end() },
    { what: 'is no JSON', failure: 'MALFORMED', answer: (response) => response.end('<html>') },
    { what: 'lists no texts', failure: 'MALFORMED', answer: (response) => response.end('{"keys":[1]}') },
    { what: 'lists a NUL', failure: 'MALFORMED', answer: listing(thumbprintOfNobody, '\0') },
    { what: 'lists no thumbprints', failure: 'MALFORMED', answer: listing('another') },
    { what: 'lists what is longer', failure: 'MALFORMED', answer: listing(`${thumbprintOfNobody}\n`) },
    {
      what: 'lists too many',
      failure: 'MALFORMED',
      answer: listing(...Array<string>(101).fill(thumbprintOfNobody)),
    },
    {
      what: 'is beyond 16 KiB',
      failure: 'MALFORMED',
      answer: (response) => response.end(`{"keys":[]}${' '.repeat(16_384)}`),
    },
    { what: 'breaks off', failure: 'UNREACHABLE', answer: (response) => response.destroy() },
  ]
  test.each(refusals)(
    'does not prove a key when it $what; the key is then unknown',
    async ({ failure, answer }) => {
      const key = await createRawKey()
      const site = await startSite()
      site.answer = answer
      const { data } = await register(server.url, key, site.name)
      expect(data?.['registerApplicationServer']).toMatchObject({ proved: false, proofFailure: failure })
      expect(site.requests).toHaveLength(1)
      await expectRefused(key)
    },
  )

  test('that is slow is not waited for beyond the time-out', async () => {
    const site = await startSite()
    site.answer = () => undefined
    const beganAt = performance.now()
    const url = new URL(site.name)
    const read = readKeyList(url, { allowsPrivate: true, timeoutMs: 300 })
    expect(await read).toBe('UNREACHABLE')
    expect(performance.now() - beganAt).toBeLessThan(2_000)
    site.answer = (response) => response.write('{"keys":[')
    expect(await readKeyList(url, { allowsPrivate: true, timeoutMs: 300 })).toBe('UNREACHABLE')
  })

  test('is not looked for at private addresses, nor over http, unless the operator allows it', async () => {
    const strict = await startTestServer(server.databaseUrl)
    try {
      const site = await startSite()
      for (const name of [
        site.name,
        site.name.replace('http:', 'https:'),
        'https://localhost',
        'https://[::1]',
      ]) {
        const key = await createRawKey()
        const { data } = await register(strict.url, key, name)
        const { proved, proofFailure } = data?.['registerApplicationServer'] ?? {}
        expect({ proved, proofFailure }, name).toEqual({
          proved: false,
          proofFailure: name.startsWith('https:') ? 'UNREACHABLE' : 'NOT_AN_ORIGIN',
        })
      }
      expect(site.requests).toEqual([])
    } finally {
      await strict.stop()
    }
  })

  test('is not looked for when one of the addresses of its name is private', async () => {
    const resolve = () => Promise.resolve(['93.184.215.14', '10.0.0.1'])
    const url = new URL('https://shop.example')
    expect(await readKeyList(url, { allowsPrivate: false, resolve })).toBe('UNREACHABLE')
  })

  test('is only that of a name that is just an origin', async () => {
    const { name, requests } = await startSite()
    for (const other of [`${name}/`, `${name}/shop`, 'shop', name.toUpperCase()]) {
      const { data } = await register(server.url, await createRawKey(), other)
      expect(data?.['registerApplicationServer'].proofFailure, other).toBe('NOT_AN_ORIGIN')
    }
    expect(requests).toEqual([])
  })

  test('replaces keys: one that it no longer lists loses its right and its sockets, when another is proved', async () => {
    const old = await openShop(server.url)
    const socket = await RawSocket.connect(server.url, old.key)
    const next = await createRawKey()
    // Without a new proof nothing changes.
    await register(server.url, next, old.name)
    await (await followOverSocket(server.url, old.key)).close()
    old.site.answer = listing(next.id)
    const { data } = await register(server.url, next, old.name)
    expect(data?.['registerApplicationServer'].proved).toBe(true)
    expect(await socket.closed).toEqual({ code: 4403, reason: 'SIGNATURE_INVALID' })
    await expectRefused(old.key)
    await (await followOverSocket(server.url, next)).close()
  })
})

describe('a registration', () => {
  test('whose key is proved gets in, however many strangers register keys for its name meanwhile', async () => {
    const key = await createRawKey()
    const site = await startSite(key.id)
    const strangers = await Promise.all(Array.from({ length: 25 }, () => createRawKey()))
    const held: ServerResponse[] = []
    site.answer = (response) => held.push(response)
    const honest = register(server.url, key, site.name)
    await expect.poll(() => held).toHaveLength(1)
    const others = Promise.all(strangers.map((stranger) => register(server.url, stranger, site.name)))
    // They are kept before the document is asked for, the newest 20 of them.
    await expect.poll(() => unprovedOf(site.name)).not.toContain(key.id)
    site.answer = listing(key.id)
    for (const response of held) site.answer(response)
    const { data } = await honest
    expect(data?.['registerApplicationServer']).toMatchObject({ proved: true, proofFailure: null })
    await others
    await (await followOverSocket(server.url, key)).close()
  })

  test('of a stranger removes no key that is proved just then', async () => {
    const { key, name } = await openShop(server.url)
    await Promise.all(
      Array.from({ length: 25 }, async () => register(server.url, await createRawKey(), name)),
    )
    await (await followOverSocket(server.url, key)).close()
  })

  test('is refused when another key signs it, and fetches nothing then', async () => {
    const [key, other] = [await createRawKey(), await createRawKey()]
    const site = await startSite(key.id, other.id)
    const answer = await call(server.url, other, {
      query: registerMutation,
      variables: { input: { applicationServer: site.name, signingKey: key.signingKey } },
    })
    expect(answer.errors[0]?.extensions).toMatchObject({ reason: 'SIGNATURE_INVALID' })
    expect(site.requests).toEqual([])
  })

  test('that is sent again as it is, is refused and fetches nothing', async () => {
    const key = await createRawKey()
    const site = await startSite(key.id)
    const request = await signRequest(server.url, key, {
      query: registerMutation,
      variables: { input: { applicationServer: site.name, signingKey: key.signingKey } },
    })
    expect((await send(request)).errors).toEqual([])
    expect((await send(request)).errors[0]?.extensions).toMatchObject({ reason: 'SIGNATURE_REPLAYED' })
    expect(site.requests).toHaveLength(1)
  })

  test("of a key that is an account's, or another application server's, is CONFLICT", async () => {
    const site = await startSite()
    const account = await openAccount(server.url)
    expect((await register(server.url, account.key, site.name)).code).toBe('CONFLICT')
    const shop = await openShop(server.url)
    expect((await register(server.url, shop.key, site.name)).code).toBe('CONFLICT')
  })
})

describe('neither kind of signer passes for the other', () => {
  test("an application server's key can do nothing in the name of an account", async () => {
    const { key } = await openShop(server.url)
    for (const request of [
      { query: '{ account { name } }' },
      { query: '{ keyServer { version } }' },
      { query: storeMutation, variables: { input: await storeInput(key) } },
    ]) {
      const answer = await call(server.url, key, request)
      expect(answer.status).toBe(401)
      expect(answer.errors).toHaveLength(1)
      expect(answer.errors[0]?.extensions).toMatchObject({ reason: 'SIGNATURE_INVALID' })
    }
    const socket = await RawSocket.connect(server.url, key)
    socket.subscribe('alerts', { query: 'subscription { alerts { id } }' })
    expect((await socket.next()).payload.errors[0].extensions).toMatchObject({ reason: 'SIGNATURE_INVALID' })
    await socket.close()
  })

  test("a key that an application server has signed with, and that its holder then makes an account's, is the account's", async () => {
    const { key } = await openShop(server.url)
    await (await followOverSocket(server.url, key)).close()
    await openAccount(server.url, { key })
    const { data } = await call(server.url, key, { query: '{ account { managementKeys { id } } }' })
    expect(data?.['account'].managementKeys).toEqual([{ id: key.id }])
    const socket = await RawSocket.connect(server.url, key)
    socket.subscribe('changes', { query: keyChangesSubscription })
    expect((await socket.next()).payload.errors[0].extensions).toMatchObject({ reason: 'SIGNATURE_INVALID' })
    await socket.close()
  })

  test('a management key cannot follow key changes', async () => {
    const { key } = await openAccount(server.url)
    const socket = await RawSocket.connect(server.url, key)
    socket.subscribe('changes', { query: keyChangesSubscription })
    expect((await socket.next()).payload.errors[0].extensions).toMatchObject({ reason: 'SIGNATURE_INVALID' })
    await socket.close()
  })

  test("a key that is nobody's cannot follow key changes", async () => {
    await expectRefused(await createRawKey())
  })
})

describe('the operator', () => {
  const command = (...args: string[]) =>
    runScript('client/bin/claviger.js', {
      args: ['application-server', ...args],
      env: { DATABASE_URL: server.databaseUrl },
      timeoutMs: 20_000,
    }).ended

  test('approves and removes a key that no document proves', async () => {
    const key = await createRawKey()
    const { data } = await register(server.url, key, 'the shop')
    expect(data?.['registerApplicationServer']).toMatchObject({
      proved: false,
      proofFailure: 'NOT_AN_ORIGIN',
    })
    expect(await command('approve', 'the shop', 'nonsense')).toMatchObject({ code: 1 })
    expect(await command('approve', 'another shop', key.id)).toMatchObject({ code: 1 })
    await expectRefused(key)
    expect(await command('approve', 'the shop', key.id)).toMatchObject({ code: 0, errors: '' })
    expect((await command('list')).output).toContain(`${key.id}  `)
    const feed = await followOverSocket(server.url, key)
    expect(await command('remove', 'the shop', key.id)).toMatchObject({ code: 0 })
    await expect(feed.next()).rejects.toThrow('closed with')
    await expectRefused(key)
    expect(await command('approve')).toMatchObject({ code: 2 })
  }, 60_000)

  test.each(['client/bin/claviger.js', 'server/bin/claviger-server.js'])(
    'names a key whose thumbprint begins with a hyphen, by %s',
    async (bin) => {
      const id = '-o5mm5Xkf-FHX5LWhLqNPecxJ9VXKqkxcWMYq02SEhY'
      const removed = await runScript(bin, {
        args: ['application-server', 'remove', 'the shop', id],
        env: { DATABASE_URL: server.databaseUrl },
        timeoutMs: 20_000,
      }).ended
      expect(removed).toMatchObject({ code: 1, errors: expect.stringContaining('No such key') })
    },
    30_000,
  )

  test('approves a key that strangers have pushed out, or that is not registered yet: it may sign once it registers', async () => {
    const [key, other] = [await createRawKey(), await createRawKey()]
    const name = 'urn:shop:1'
    await register(server.url, key, name)
    for (let count = 0; count < 20; count++) await register(server.url, await createRawKey(), name)
    expect((await command('approve', name, key.id)).output).toContain('as soon as it registers')
    expect((await command('list')).output).toContain(`${key.id}  `)
    await expectRefused(key)
    for (let count = 0; count < 20; count++) await register(server.url, await createRawKey(), name)
    const { data } = await register(server.url, key, name)
    expect(data?.['registerApplicationServer']).toMatchObject({ proved: true, proofFailure: null })
    await (await followOverSocket(server.url, key)).close()

    // The word is for this name, and taken back before it is used.
    expect(await command('approve', name, other.id)).toMatchObject({ code: 0 })
    expect((await register(server.url, other, 'urn:shop:2')).data?.['registerApplicationServer'].proved).toBe(
      false,
    )
    const third = await createRawKey()
    await command('approve', name, third.id)
    expect(await command('remove', name, third.id)).toMatchObject({ code: 0 })
    expect((await register(server.url, third, name)).data?.['registerApplicationServer'].proved).toBe(false)
    // Nobody's key, nor another's, is let in by a mistake.
    const { key: managementKey } = await openAccount(server.url)
    expect(await command('approve', name, managementKey.id)).toMatchObject({ code: 1 })
  }, 60_000)
})

import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createVerifier, followKeyChanges, type Verifier } from '../../client/verifier.ts'
import { runScript } from '../support/child.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { openShop, privateJwk, type Shop } from '../support/key-changes.ts'
import { expectRefusal, expectUnauthenticated } from '../support/operations.ts'
import { run, type TestProcess } from '../support/processes.ts'
import { call, createRawKey, openAccount, storeKey } from '../support/raw-client.ts'
import { beginning } from '../support/realtime.ts'
import { freePort } from '../support/server.ts'
import { feedOverSocket } from '../support/socket.ts'
import { membersOf, type Members } from '../client/cli/claviger.ts'

/* The operator's commands as processes, beside a key server that is one too. */

const account = { query: '{ account { name } }' }

describe.each(['embedded', 'external'] as const)('with an %s PostgreSQL', (kind) => {
  let directory: string
  let database: TestDatabase | null = null
  let server: TestProcess
  let url: string
  let environment: Record<string, string>
  const ends: (() => unknown)[] = []

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'claviger-operator-'))
    // As root PostgreSQL runs as another user.
    await chmod(directory, 0o711)
    if (kind === 'external') database = await createTestDatabase()
    environment = {
      DATA_DIR: directory,
      DATABASE_URL: database?.url ?? '',
      SERVER_KEY_SECRET: 'c2VjcmV0IG9mIHRoZSBvcGVyYXRvcidzIGNvbW1hbmRz',
    }
    const port = await freePort()
    url = `http://127.0.0.1:${String(port)}`
    server = run(['client/bin/claviger.js', 'serve'], {
      ...environment,
      PORT: String(port),
      REGISTRATION: 'invite',
    })
    await server.says('is ready')
  }, 90_000)
  afterAll(async () => {
    for (const end of ends.splice(0)) await end()
    await server.stop()
    await database?.drop()
    await rm(directory, { recursive: true, force: true })
  }, 60_000)

  function claviger(...args: readonly string[]) {
    return runScript('client/bin/claviger.js', { args, env: environment, timeoutMs: 60_000 }).ended
  }

  async function document(...args: readonly string[]): Promise<Members> {
    const { code, output, errors } = await claviger(...args, '--json')
    expect({ args, code, errors }).toEqual({ args, code: 0, errors: '' })
    return membersOf(JSON.parse(output))
  }

  async function openInvited(name: string) {
    const key = await createRawKey()
    const { invitation } = await document('invite', 'create')
    const { signingKey, wrappingKey } = key
    const opened = await call(url, key, {
      query: 'mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id } }',
      variables: { input: { name, invitation, managementKey: { label: 'one', signingKey, wrappingKey } } },
    })
    expect(opened.errors).toEqual([])
    return { name, key }
  }

  async function followedBy(shop: Shop): Promise<Verifier> {
    const verifier = createVerifier({ url, applicationServer: shop.name })
    const following = await followKeyChanges(verifier, { signingKey: await privateJwk(shop.key) })
    ends.push(() => {
      following.close()
    })
    await expect.poll(() => following.isUpToDate).toBe(true)
    return verifier
  }

  test('an invitation opens one account, and one that is revoked or used opens none', async () => {
    await expect(openAccount(url)).rejects.toThrow('FORBIDDEN')
    const made = await document('invite', 'create', '--days', '2')
    expect(made).toMatchObject({ id: expect.stringMatching(/^[\da-f]{16}$/) as unknown })
    expect(String(made['invitation']).length).toBeGreaterThan(20)
    await openInvited(`o-${randomUUID()}`)
    expect(await document('invite', 'revoke', String(made['id']))).toEqual({
      id: made['id'],
      status: 'REVOKED',
    })
    const listed = await document('invite', 'list')
    expect(listed['invitations']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: made['id'], status: 'REVOKED', account: null }),
        expect.objectContaining({ status: 'USED', account: expect.stringMatching(/^o-/) as unknown }),
      ]) as unknown,
    )
    expect(JSON.stringify(listed)).not.toContain(made['invitation'])
    const key = await createRawKey()
    const { signingKey, wrappingKey } = key
    const refused = await call(url, key, {
      query: 'mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id } }',
      variables: {
        input: {
          name: `o-${randomUUID()}`,
          invitation: made['invitation'],
          managementKey: { label: 'one', signingKey, wrappingKey },
        },
      },
    })
    expectRefusal(refused, { code: 'FORBIDDEN' })
    expect((await claviger('invite', 'revoke', String(made['id']), '--json')).code).toBe(0)
    expect((await claviger('invite', 'revoke', '0'.repeat(16))).code).toBe(1)
  }, 120_000)

  test('a suspension reaches requests, streams and the caches of verifiers at once, and its end brings all back', async () => {
    const { name, key } = await openInvited(`o-${randomUUID()}`)
    const shop = await openShop(url)
    const verifier = await followedBy(shop)
    const stored = await storeKey(url, key, { applicationServer: shop.name })
    const question = { owner: name, publicKey: stored.publicKey }
    expect(await verifier.verify(question)).toMatchObject({ status: 'valid', source: 'key-server' })
    expect(await verifier.verify(question)).toMatchObject({ status: 'valid', source: 'cache' })
    const feed = await feedOverSocket(url, key, { after: beginning })
    const ended = feed.next(30_000).then(
      () => 'an alert',
      () => 'ended',
    )

    expect(await document('accounts', 'show', name)).toMatchObject({ name, status: 'ACTIVE' })
    expect(await document('accounts', 'suspend', name)).toMatchObject({ name, status: 'SUSPENDED' })
    await expect
      .poll(async () => (await verifier.verify(question)).status, { timeout: 1_000, interval: 20 })
      .not.toBe('valid')
    expect(await ended).toBe('ended')
    expectUnauthenticated(await call(url, key, account), 'SIGNATURE_INVALID')
    expect(await document('accounts', 'list')).toMatchObject({
      accounts: expect.arrayContaining([expect.objectContaining({ name, status: 'SUSPENDED' })]) as unknown,
    })

    expect(await document('accounts', 'resume', name)).toMatchObject({ name, status: 'ACTIVE' })
    await expect
      .poll(async () => (await verifier.verify(question)).status, { timeout: 2_000, interval: 20 })
      .toBe('valid')
    expect((await call(url, key, account)).data).toEqual({ account: { name } })
    const again = await feedOverSocket(url, key, { after: beginning })
    await again.close()
  }, 120_000)

  test('a deletion asks to be confirmed, and leaves a name that nobody gets', async () => {
    const { name, key } = await openInvited(`o-${randomUUID()}`)
    const shop = await openShop(url)
    const verifier = await followedBy(shop)
    const stored = await storeKey(url, key, { applicationServer: shop.name })
    const question = { owner: name, publicKey: stored.publicKey }
    expect(await verifier.verify(question)).toMatchObject({ status: 'valid' })
    const unconfirmed = await claviger('accounts', 'delete', name)
    expect(unconfirmed).toMatchObject({ code: 1, output: '' })
    expect(unconfirmed.errors).toContain('--yes')
    expect((await call(url, key, account)).data).toEqual({ account: { name } })

    expect(await document('accounts', 'delete', name, '--yes')).toMatchObject({ name, status: 'DELETED' })
    await expect
      .poll(async () => (await verifier.verify(question)).status, { timeout: 1_000, interval: 20 })
      .not.toBe('valid')
    expectUnauthenticated(await call(url, key, account), 'SIGNATURE_INVALID')
    expect(JSON.stringify(await document('accounts', 'list'))).not.toContain(name)
    const { code, errors } = await claviger('accounts', 'show', name, '--json')
    expect(code).toBe(1)
    expect(JSON.parse(errors)).toMatchObject({ error: { message: expect.stringContaining(name) as unknown } })
    await expect(openInvited(name)).rejects.toThrow()
  }, 120_000)
})

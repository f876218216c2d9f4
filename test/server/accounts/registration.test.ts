import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createVault, memoryKeystore } from '../../../client/index.ts'
import { createInvitation, hashOfInvitation } from '../../../server/accounts/invitations.ts'
import { expectRefusal } from '../../support/operations.ts'
import { call, createRawKey, type RawKey } from '../../support/raw-client.ts'
import { useWorld, type World } from '../../support/world.ts'

async function invite({ sql }: World, lifetimeSeconds = 86_400): Promise<string> {
  const invitation = createInvitation()
  await sql`
    INSERT INTO invitations (hash, expires_at)
    VALUES (${hashOfInvitation(invitation)}, clock_timestamp() + make_interval(secs => ${lifetimeSeconds}))`
  return invitation
}

async function open(
  { url }: Pick<World, 'url'>,
  invitation: string | null,
  { name = `o-${randomUUID()}`, key }: { name?: string; key?: RawKey } = {},
) {
  const managementKey = key ?? (await createRawKey())
  const { signingKey, wrappingKey } = managementKey
  return call(url, managementKey, {
    query: 'mutation ($input: OpenAccountInput!) { openAccount(input: $input) { name } }',
    variables: { input: { name, invitation, managementKey: { label: 'x', signingKey, wrappingKey } } },
  })
}

async function registrationOf(url: string): Promise<unknown> {
  const { data } = await call(url, null, { query: '{ keyServer { registration } }' })
  return data?.['keyServer'].registration
}

describe('where registration is INVITE', () => {
  const world = useWorld({ count: 2, registration: 'INVITE' })

  test('an account is opened with an invitation, and neither without nor with a wrong one', async () => {
    expect(await registrationOf(world.url)).toBe('INVITE')
    expectRefusal(await open(world, null), { code: 'FORBIDDEN' })
    expectRefusal(await open(world, createInvitation()), { code: 'FORBIDDEN' })
    expect((await open(world, await invite(world))).errors).toEqual([])
  })

  test('of 200 openings with one invitation, at once and on two servers, one succeeds', async () => {
    const invitation = await invite(world)
    const keys = await Promise.all(Array.from({ length: 200 }, () => createRawKey()))
    const answers = await Promise.all(
      keys.map((key, index) => open(world.servers[index % 2] ?? world, invitation, { key })),
    )
    const codes = answers.map(({ code }) => code)
    expect(codes.filter((code) => code === undefined)).toHaveLength(1)
    expect(codes.filter((code) => code === 'FORBIDDEN')).toHaveLength(199)
  }, 60_000)

  test('an invitation that has expired or was revoked opens nothing', async () => {
    expectRefusal(await open(world, await invite(world, -1)), { code: 'FORBIDDEN' })
    const revoked = await invite(world)
    await world.sql`UPDATE invitations SET is_revoked = true WHERE hash = ${hashOfInvitation(revoked)}`
    expectRefusal(await open(world, revoked), { code: 'FORBIDDEN' })
  })

  test('an opening that is refused for its name uses no invitation up', async () => {
    const name = `o-${randomUUID()}`
    await open(world, await invite(world), { name })
    const invitation = await invite(world)
    expectRefusal(await open(world, invitation, { name }), { code: 'CONFLICT' })
    expect((await open(world, invitation)).errors).toEqual([])
  })

  test('the database holds no invitation', async () => {
    const invitation = await invite(world)
    await open(world, invitation)
    expect(JSON.stringify(await world.sql`SELECT * FROM invitations`)).not.toContain(invitation)
  })

  test('the SDK opens an account with one, and goes on when it does not know that it has', async () => {
    const options = { url: world.url, owner: `o-${randomUUID()}`, keystore: memoryKeystore() }
    await expect(createVault(options)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    const vault = await createVault({ ...options, invitation: await invite(world) })
    expect((await createVault(options)).managementKeyId).toBe(vault.managementKeyId)
  })
})

describe('where registration is CLOSED', () => {
  const world = useWorld({ registration: 'CLOSED' })

  test('no account is opened, with an invitation either', async () => {
    expect(await registrationOf(world.url)).toBe('CLOSED')
    expectRefusal(await open(world, await invite(world)), { code: 'FORBIDDEN' })
    expectRefusal(await open(world, null), { code: 'FORBIDDEN' })
  })
})

describe('without a setting', () => {
  const world = useWorld()

  test('anybody may open an account', async () => {
    expect(await registrationOf(world.url)).toBe('OPEN')
    expect((await open(world, null)).errors).toEqual([])
  })
})

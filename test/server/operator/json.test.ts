import { expect, test } from 'vitest'
import { createRawKey } from '../../support/raw-client.ts'
import { runScript } from '../../support/child.ts'
import { testServerKeySecret } from '../../support/server.ts'
import { fetchKeySet } from '../../support/server-keys.ts'
import { membersOf } from '../../client/cli/claviger.ts'
import { useWorld } from '../../support/world.ts'

const server = useWorld()

test('server-key prints one document with --json, before and after its command, of what it did and of all keys', async () => {
  const prepared = await document('server-key', 'prepare', '--json')
  const rotated = await document('server-key', '--json', 'rotate')
  expect(rotated).toMatchObject({
    id: prepared['id'],
    keys: [
      { id: prepared['id'], state: 'SIGNING', retiredAt: null, publishedUntil: null },
      { state: 'RETIRED', retiredAt: isoInstant, publishedUntil: isoInstant, createdAt: isoInstant },
    ],
  })
  expect(await document('server-key', 'list', '--json')).toEqual({ keys: rotated['keys'] })
  const published = async () => (await fetchKeySet(server.url)).keys[0]?.kid
  await expect.poll(published, { timeout: 5_000 }).toBe(prepared['id'])
})

test('application-server prints one document with --json, also of a name that looks like an option', async () => {
  const { id } = await createRawKey()
  const named = ['--json', '--', '--json', id]
  expect(await document('application-server', 'list', '--json')).toEqual({ keys: [] })
  expect(await document('application-server', 'approve', ...named)).toEqual({
    id,
    applicationServer: '--json',
    outcome: 'AWAITED',
  })
  expect(await document('application-server', 'list', '--json')).toEqual({
    keys: [{ id, applicationServer: '--json', state: 'AWAITED', since: isoInstant }],
  })
  expect(await document('application-server', 'remove', ...named)).toMatchObject({ id, outcome: 'REMOVED' })
})

test('an error is one line of JSON on stderr with a stable code, and nothing on stdout', async () => {
  const { id } = await createRawKey()
  expect(await failure(['application-server', 'remove', 'the shop', id])).toMatchObject({
    end: 1,
    error: { code: 'REFUSED', message: expect.stringContaining('No such key'), exitCode: 1 },
  })
  expect(await failure(['server-key', 'list', '--secret-lots'])).toMatchObject({
    end: 2,
    error: { code: 'USAGE', message: expect.stringContaining("'--secret-lots'"), exitCode: 2 },
  })
  expect(await failure(['server-key'])).toMatchObject({ error: { code: 'USAGE' } })
  expect(await failure(['server-key', 'list'], { PORT: 'x' })).toMatchObject({
    end: 1,
    error: { code: 'CONFIG_INVALID', message: expect.stringContaining('PORT') },
  })
  const nowhere = { DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c' }
  expect(await failure(['server-key', 'list'], nowhere)).toMatchObject({ error: { code: 'DATABASE' } })
}, 60_000)

test('without --json wrong arguments are told in a sentence that names the option, above the usage', async () => {
  const { code, output, errors } = await command(['server-key', 'list', '--secret-lots'])
  expect({ code, output }).toEqual({ code: 2, output: '' })
  expect(errors).toMatch(/^Unknown option '--secret-lots'\.?\n\nUsage: claviger server-key list\n/)
})

const isoInstant = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/)

async function document(...args: string[]): Promise<Record<string, unknown>> {
  const { code, output, errors } = await command(args)
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
  return membersOf(JSON.parse(output))
}

async function failure(args: string[], env: Record<string, string> = {}) {
  const { code: end, output, errors } = await command([...args, '--json'], env)
  expect(output).toBe('')
  expect(errors.trimEnd()).not.toContain('\n')
  const { error } = JSON.parse(errors)
  return { end, error }
}

function command(args: readonly string[], env: Record<string, string> = {}) {
  return runScript('client/bin/claviger.js', {
    args,
    env: { DATABASE_URL: server.databaseUrl, SERVER_KEY_SECRET: testServerKeySecret, ...env },
    timeoutMs: 30_000,
  }).ended
}

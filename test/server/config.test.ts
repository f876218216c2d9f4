import { availableParallelism } from 'node:os'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../server/config.ts'

describe('application servers prove their keys within the operator’s network', () => {
  const isAllowed = (environment: NodeJS.ProcessEnv) =>
    readConfig(environment).allowsPrivateApplicationServers

  test.each([
    ['on a developer’s machine, without a setting', {}],
    [
      'under loopback origins',
      { PUBLIC_URL: 'http://localhost:4000,http://127.0.0.1:4000,http://[::1]:4000' },
    ],
    ['on another loopback address', { HOST: '::1' }],
    [
      'when the operator says so',
      { PUBLIC_URL: 'https://keys.example', ALLOW_PRIVATE_APPLICATION_SERVERS: 'on' },
    ],
    ['when they say so in production', { NODE_ENV: 'production', ALLOW_PRIVATE_APPLICATION_SERVERS: 'on' }],
  ])('%s', (_when, environment) => {
    expect(isAllowed(environment)).toBe(true)
  })

  test.each([
    ['under a public origin', { PUBLIC_URL: 'https://keys.example' }],
    ['under a public origin beside loopback', { PUBLIC_URL: 'http://localhost:4000,https://keys.example' }],
    ['under a name that only begins like loopback', { PUBLIC_URL: 'http://localhost.example' }],
    ['where the network can connect', { HOST: '0.0.0.0' }],
    ['in production', { NODE_ENV: 'production' }],
    ['when the operator forbids it', { ALLOW_PRIVATE_APPLICATION_SERVERS: 'off' }],
  ])('but not %s', (_when, environment) => {
    expect(isAllowed(environment)).toBe(false)
  })
})

describe('rate limits', () => {
  test.each([
    ['hold by default', {}, {}],
    ['hold when they are on', { RATE_LIMIT: 'on' }, {}],
    ['can be off', { RATE_LIMIT: 'off' }, 'off'],
    [
      'can be set one by one',
      { RATE_LIMIT: 'openings=5/3600, pairings=off' },
      { openings: { count: 5, seconds: 3600 }, pairings: null },
    ],
  ])('%s', (_what, environment, limits) => {
    expect(readConfig(environment).rateLimits).toEqual(limits)
  })

  test.each(['none', 'openings', 'openings=5', 'openings=0/60', 'opening=5/60', 'openings=5/60,', '5/60'])(
    'cannot be %s',
    (text) => {
      expect(() => readConfig({ RATE_LIMIT: text })).toThrow('RATE_LIMIT: must be on, off, or limits like')
    },
  )
})

test.each(['127.0.0.1', '10.0.0.0/8, fd00::/8', '::1'])('trusted proxies can be %s', (text) => {
  expect(readConfig({ TRUSTED_PROXIES: text }).trustedProxies).toEqual(text.split(', '))
})

test.each(['localhost', '10.0.0.0/33', '10.0.0', '*', '127.0.0.1,', 'fe80::1%eth0'])(
  'trusted proxies cannot be %s',
  (text) => {
    expect(() => readConfig({ TRUSTED_PROXIES: text })).toThrow('TRUSTED_PROXIES: must be addresses')
  },
)

test('webhooks lead into the operator’s network only when they say so', () => {
  expect(readConfig({}).allowsPrivateWebhooks).toBe(false)
  expect(readConfig({ ALLOW_PRIVATE_WEBHOOKS: 'on' }).allowsPrivateWebhooks).toBe(true)
})

test('the server goes on for 5 seconds in production when it is to stop, unless it is told another time', () => {
  expect(readConfig({}).shutdownDelaySeconds).toBe(0)
  expect(readConfig({ NODE_ENV: 'production' }).shutdownDelaySeconds).toBe(5)
  expect(readConfig({ NODE_ENV: 'production', SHUTDOWN_DELAY_SECONDS: '0' }).shutdownDelaySeconds).toBe(0)
  expect(readConfig({ SHUTDOWN_DELAY_SECONDS: '12' }).shutdownDelaySeconds).toBe(12)
  expect(() => readConfig({ SHUTDOWN_DELAY_SECONDS: 'soon' })).toThrow('SHUTDOWN_DELAY_SECONDS: must be')
})

test('a mail server and a sender are set together, and what is wrong repeats no password', () => {
  const url = 'smtps://alice:hunter2@mail.example'
  const from = 'Claviger <alerts@keys.example>'
  expect(readConfig({}).mail).toBeNull()
  expect(readConfig({ SMTP_URL: url, SMTP_FROM: from }).mail).toEqual({ url, from })
  const problemsOf = (environment: NodeJS.ProcessEnv) => {
    try {
      readConfig(environment)
      return ''
    } catch (error) {
      return String(error)
    }
  }
  expect(problemsOf({ SMTP_URL: url })).toContain('SMTP_URL and SMTP_FROM must be set together')
  expect(problemsOf({ SMTP_FROM: from })).toContain('SMTP_URL and SMTP_FROM must be set together')
  expect(problemsOf({ SMTP_URL: `${url}/x`, SMTP_FROM: 'nobody' })).toMatch(
    /SMTP_URL: must.*\n.*SMTP_FROM: must/,
  )
  for (const wrong of [
    'a@b.example\r\nBcc: c@d.example',
    'A <a@b.example>, C <c@d.example>',
    '<>',
    'a b@c.example',
  ]) {
    expect(problemsOf({ SMTP_URL: url, SMTP_FROM: wrong })).toContain('SMTP_FROM: must')
  }
  expect(problemsOf({ SMTP_URL: `${url}/x`, SMTP_FROM: from })).not.toContain('hunter2')
})

describe('workers', () => {
  test.each([
    [{}, 1],
    [{ WORKERS: '3' }, 3],
    [{ WORKERS: 'auto' }, Math.min(availableParallelism(), 16)],
  ])('of %o', (environment, workers) => {
    expect(readConfig(environment)).toMatchObject({ workers })
  })

  test.each(['0', '65', '-1', '1.5', 'all'])('are not %s', (value) => {
    expect(() => readConfig({ WORKERS: value })).toThrow('must be auto or a whole number from 1 to 64')
  })
})

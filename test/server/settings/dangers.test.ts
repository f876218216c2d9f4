import { expect, test } from 'vitest'
import { findConfigWarnings, InvalidConfig, readConfig, readServerConfig } from '../../../server/config.ts'

const secret = 'K8w1Zc0jQ2uVx5rT7yBn4mLpA9sDfGhJ6eRtYuIoP3k'
const databaseUrl = 'postgres://claviger:hunter2@database/claviger'

/** The refusals, a line each; none when the server would start. */
function refusals(environment: Record<string, string>): readonly string[] {
  try {
    readServerConfig(environment)
    return []
  } catch (error) {
    if (error instanceof InvalidConfig) return error.problems
    throw error
  }
}

const dangers = [
  ['no PUBLIC_URL where the network can connect', { HOST: '0.0.0.0' }, /^PUBLIC_URL: .*PUBLIC_URL=https:/],
  [
    'a mail server without PUBLIC_URL',
    { SMTP_URL: 'smtps://alice:hunter2@mail.example', SMTP_FROM: 'alerts@keys.example' },
    /^PUBLIC_URL: .*links in mails.*PUBLIC_URL=https:/,
  ],
  ['a PUBLIC_URL of http', { PUBLIC_URL: 'http://keys.example' }, /^PUBLIC_URL: .*http:\/\/keys\.example/],
  [
    'a PUBLIC_URL of http beside one of https',
    { PUBLIC_URL: 'https://keys.example,http://keys.internal' },
    /^PUBLIC_URL: .*http:\/\/keys\.internal.*https origin/,
  ],
  ['an allowed origin of http', { ALLOWED_ORIGINS: 'http://app.example' }, /^ALLOWED_ORIGINS: .*https/],
  [
    'every address as a trusted proxy',
    { TRUSTED_PROXIES: '10.0.0.0/8,0.0.0.0/0' },
    /^TRUSTED_PROXIES: has 0\.0\.0\.0\/0.*addresses of your proxies/,
  ],
  [
    'an external database without SERVER_KEY_SECRET',
    { DATABASE_URL: databaseUrl },
    /^SERVER_KEY_SECRET: .*openssl rand -base64 32/,
  ],
] as const

test.each(dangers)('in production %s is refused, with words that put it right', (_what, settings, words) => {
  const found = refusals({ NODE_ENV: 'production', ...settings })
  expect(found).toEqual([expect.stringMatching(words)])
  expect(found.join()).not.toContain('hunter2')
})

test.each(dangers)('in development %s starts', (_what, settings) => {
  expect(refusals(settings)).toEqual([])
  expect(refusals({ NODE_ENV: 'test', ...settings })).toEqual([])
})

test.each(dangers)('an operator’s command runs with %s', (_what, settings) => {
  expect(() => readConfig({ NODE_ENV: 'production', ...settings })).not.toThrow()
})

test.each([
  ['nothing set, on loopback', {}],
  ['origins of loopback', { PUBLIC_URL: 'http://localhost:4000', ALLOWED_ORIGINS: 'http://127.0.0.1:5173' }],
  [
    'all that an open server needs',
    {
      HOST: '0.0.0.0',
      PUBLIC_URL: 'https://keys.example',
      DATABASE_URL: databaseUrl,
      SERVER_KEY_SECRET: secret,
      SMTP_URL: 'smtps://alice:hunter2@mail.example',
      SMTP_FROM: 'Claviger <alerts@keys.example>',
    },
  ],
])('in production %s starts', (_what, settings) => {
  expect(refusals({ NODE_ENV: 'production', ...settings })).toEqual([])
})

test('all dangers are told at once', () => {
  const environment = {
    NODE_ENV: 'production',
    HOST: '::',
    DATABASE_URL: databaseUrl,
    ALLOWED_ORIGINS: 'http://a.example',
  }
  expect(refusals(environment)).toHaveLength(3)
})

test.each([
  ['RATE_LIMIT', 'off'],
  ['ALLOWED_ORIGINS', '*'],
  ['ALLOW_PRIVATE_WEBHOOKS', 'on'],
  ['ALLOW_PRIVATE_APPLICATION_SERVERS', 'on'],
])('%s=%s starts in production, and is warned of', (name, text) => {
  const warningsIn = (environment: Record<string, string>) =>
    findConfigWarnings(environment, readServerConfig(environment))
  expect(warningsIn({ NODE_ENV: 'production', [name]: text })).toEqual([
    expect.stringMatching(`^${name} is `),
  ])
  expect(warningsIn({ [name]: text })).toEqual([])
})

test('the metrics have another port than the server', () => {
  expect(refusals({ METRICS_PORT: '4000' })).toEqual(['METRICS_PORT: must be another port than PORT'])
})

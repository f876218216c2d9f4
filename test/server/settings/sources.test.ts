import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeConfig, InvalidConfig, readConfig } from '../../../server/config.ts'
import { parseServeFlags } from '../../../server/settings/flags.ts'
import { serveHelp } from '../../../server/settings/help.ts'
import { secretNames, settingRows } from '../../../server/settings/settings.ts'

const secret = 'K8w1Zc0jQ2uVx5rT7yBn4mLpA9sDfGhJ6eRtYuIoP3k'
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-settings-'))
})
afterAll(() => rm(directory, { recursive: true }))

async function fileOf(content: string): Promise<string> {
  const path = join(directory, `secret-${String(Math.random())}`)
  await writeFile(path, content)
  return path
}

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    if (error instanceof InvalidConfig) return error.problems
    throw error
  }
}

test.each(['\n', '\r\n', ''])(
  'a secret is read from the file that its variable names, without the end %j',
  async (end) => {
    const config = readConfig({ SERVER_KEY_SECRET_FILE: await fileOf(`${secret}${end}`) })
    expect(config.serverKeySecret).toBe(secret)
  },
)

test('every secret has a file, and a setting that is none has no file', async () => {
  expect(secretNames).toEqual(
    expect.arrayContaining(['DATABASE_URL', 'DATABASE_LISTEN_URL', 'SERVER_KEY_SECRET']),
  )
  const url = 'postgres://u:hunter2@h/d'
  for (const name of ['DATABASE_URL', 'DATABASE_LISTEN_URL']) {
    const config = readConfig({ [`${name}_FILE`]: await fileOf(url) })
    expect(name === 'DATABASE_URL' ? config.databaseUrl : config.databaseListenUrl).toBe(url)
  }
  expect(readConfig({ PORT_FILE: await fileOf('1234') }).port).toBe(4000)
})

test('a file that cannot be the secret is refused by the name of its variable, and its content is not told', async () => {
  const cases = [
    [join(directory, 'nowhere'), 'ENOENT'],
    [directory, 'EISDIR'],
    [await fileOf(''), 'empty'],
    [await fileOf(`${secret}\nhunter2\n`), 'several lines'],
    [await fileOf('x'.repeat(70_000)), 'too long'],
  ] as const
  for (const [path, word] of cases) {
    const problems = problemsOf({ SERVER_KEY_SECRET_FILE: path })
    expect(problems).toEqual([expect.stringMatching(new RegExp(`^SERVER_KEY_SECRET_FILE: .*${word}`))])
    expect(problems.join()).not.toContain('hunter2')
  }
  expect(problemsOf({ SERVER_KEY_SECRET_FILE: await fileOf('hunter2') })).toEqual([
    expect.stringMatching(/^SERVER_KEY_SECRET: must be/),
  ])
})

test('a secret that is given by itself and by a file is refused, beside all other problems', async () => {
  const problems = problemsOf({
    SERVER_KEY_SECRET: secret,
    SERVER_KEY_SECRET_FILE: await fileOf(secret),
    PORT: 'x',
  })
  expect(problems).toEqual([
    expect.stringMatching(/^SERVER_KEY_SECRET: is given twice/),
    expect.stringMatching(/^PORT: must be/),
  ])
})

test('every setting is an option, which wins over the environment; a file on the command line wins over it too', async () => {
  for (const [name] of settingRows) {
    const flag = `--${name.toLowerCase().replaceAll('_', '-')}`
    expect(parseServeFlags([flag, 'value']).settings).toEqual({ [name]: 'value' })
    expect(parseServeFlags([`${flag}=value`]).settings).toEqual({ [name]: 'value' })
  }
  const path = await fileOf(secret)
  const { settings } = parseServeFlags(['--server-key-secret-file', path, '--log-level', 'warn'])
  const config = readConfig({ SERVER_KEY_SECRET: secret.toUpperCase(), LOG_LEVEL: 'debug' }, settings)
  expect(config).toMatchObject({ serverKeySecret: secret, logLevel: 'warn' })
})

test('the help has every setting with its option, its variable and its default', () => {
  const help = serveHelp()
  for (const [name, { otherwise }] of settingRows) {
    expect(help).toContain(`  --${name.toLowerCase().replaceAll('_', '-')} `)
    expect(help).toMatch(new RegExp(`variable: ${name}\\b`))
    expect(help.replaceAll(/\s+/g, ' ')).toContain(`default: ${otherwise}`)
  }
  for (const name of secretNames) expect(help.replaceAll(/\s+/g, ' ')).toContain(`${name} or ${name}_FILE`)
  for (const line of help.split('\n')) expect(line.length).toBeLessThan(100)
})

test.each([
  ['--prot', 'Do you mean --port?'],
  ['--database-uri', 'Do you mean --database-url?'],
  ['--frobnicate', 'has no option --frobnicate.'],
  ['-x', 'has no option -x.'],
  ['8080', 'takes no argument "8080"'],
])('the option %s is refused by name', (flag, words) => {
  expect(() => parseServeFlags([flag, '1'])).toThrow(words)
})

test('a configuration in words says where each setting comes from, and shows no secret', async () => {
  const environment = {
    DATABASE_URL: 'postgres://u:hunter2@h/d',
    SERVER_KEY_SECRET_FILE: await fileOf(secret),
  }
  const lines = describeConfig(environment, { PORT: '8080' })
  expect(lines).toHaveLength(settingRows.length)
  expect(lines).toContain('PORT: 8080 (flag)')
  expect(lines).toContain('DATABASE_URL: a secret (environment)')
  expect(lines).toContain('SERVER_KEY_SECRET: a secret (file)')
  expect(lines).toContain('HOST: 127.0.0.1 (default)')
  expect(lines.join()).not.toMatch(new RegExp(`hunter2|${secret}`))
})

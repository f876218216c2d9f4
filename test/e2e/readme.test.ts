import { execFile } from 'node:child_process'
import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readKeyServer } from '../../client/index.ts'
import { settingRows } from '../../server/settings/settings.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { codeBlocksOf, runInstalled } from '../support/documents.ts'
import { run, type TestProcess } from '../support/processes.ts'
import { freePort } from '../support/server.ts'

/* README.md shows the truth: its programs are run, and its tables are compared with the code. */

const root = new URL('../../', import.meta.url)
const ownFile = fileURLToPath(new URL('./own-file.js', import.meta.url))
const readme = await readFile(new URL('README.md', root), 'utf8')
const manifest: unknown = JSON.parse(await readFile(new URL('package.json', root), 'utf8'))
const commands = codeBlocksOf(readme, 'console').flatMap((block) =>
  block.split('\n').flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : [])),
)

let database: TestDatabase
let directory: string
let keyServer: TestProcess
let url: string

beforeAll(async () => {
  database = await createTestDatabase()
  directory = await mkdtemp(join(tmpdir(), 'claviger-readme-'))
  const port = await freePort()
  url = `http://localhost:${port}`
  keyServer = run(['client/bin/claviger.js', 'serve'], {
    DATABASE_URL: database.url,
    PORT: String(port),
    SERVER_KEY_SECRET: 'c2VjcmV0IG9mIHRoZSBSRUFETUUgdGVzdHMgLi4uLi4',
  })
  await keyServer.says('is ready')
}, 60_000)

afterAll(async () => {
  await keyServer.stop()
  await database.drop()
  await rm(directory, { recursive: true })
})

test.each(['client', 'application-server', 'verified-application-server', 'signing-client'])(
  'the README shows examples/%s.js as it is',
  async (name) => {
    const [, shown] = new RegExp(`<!-- examples/${name}.js -->\n\n\`\`\`js\n([^]*?)\`\`\``).exec(readme) ?? []
    expect(shown).toBe(await readFile(new URL(`examples/${name}.js`, root), 'utf8'))
  },
)

test.each([
  ['the quick start', 'example:application-server', 'example:client'],
  ['your application server', 'example:verified-application-server', 'example:signing-client'],
])(
  'the client of %s is let in by its application server, which survives whatever else is sent',
  async (_section, serverScript, clientScript) => {
    for (const script of [serverScript, clientScript]) expect(commands).toContain(`npm run ${script}`)
    const shop = `http://localhost:${await freePort()}`
    const applicationServer = run([...programOf(serverScript), url, shop])
    await applicationServer.says(`The shop is open at ${shop}`)
    for (const body of ['', 'x', 'null', '{}', '{"publicKey":{"kty":"OKP"}}', '{"owner":7,"publicKey":[]}']) {
      const answer = await fetch(shop, { method: 'POST', body })
      expect(await answer.text()).not.toContain('Welcome')
    }
    const client = run([...programOf(clientScript), url, shop])
    await client.says('Welcome, alice-')
    expect(await client.exited).toBe(0)
    await applicationServer.stop()
  },
)

/** The arguments that an npm script gives to `node`. */
function programOf(script: string): string[] {
  expect(manifest).toHaveProperty(
    ['scripts', script],
    expect.stringMatching(/^node --conditions=claviger:source /),
  )
  const { scripts } = manifest as { readonly scripts: Readonly<Record<string, string>> }
  return (scripts[script] ?? '').split(' ').slice(1)
}

test('the program of "In your program" runs where the package is installed', async () => {
  const [, section = ''] = /^## In your program\n(.*?)^## /ms.exec(readme) ?? []
  const [program = ''] = codeBlocksOf(section, 'js')
  const replacing = { 'http://localhost:4000': url, "owner: 'alice'": "owner: 'reader'" }
  expect(
    await runInstalled(`${program}\nconsole.log((await vault.keys().toArray()).length)`, { replacing }),
  ).toEqual({
    code: 0,
    output: '1\n',
  })
})

test("a file of one's own runs in the checkout by the command that the README gives", async () => {
  const command = commands.find((line) => line.endsWith(' FILE')) ?? ''
  const [npx = '', ...args] = command.replace(' FILE', '').split(' ')
  const { stdout } = await promisify(execFile)(npx, [...args, ownFile, url], { cwd: fileURLToPath(root) })
  expect(stdout).toBe(`${(await readKeyServer({ url })).version}\n`)
})

test('the client of the quick start has at most 15 lines of code', async () => {
  const code = await readFile(new URL('examples/client.js', root), 'utf8')
  const lines = code.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('//'))
  expect(lines.length).toBeLessThanOrEqual(15)
})

test('the commands of the README do what it says, one after the other', async () => {
  const outputs: string[] = []
  for (const command of commands.filter((line) => line.startsWith('npx claviger '))) {
    const cli = run(['client/bin/claviger.js', ...command.split(' ').slice(2)], {
      CLAVIGER_URL: url,
      CLAVIGER_KEYSTORE: join(directory, 'key.json'),
    })
    expect(await cli.exited, `${command}\n${cli.output()}`).toBe(0)
    outputs.push(cli.output())
  }
  expect(outputs).toHaveLength(6)
  expect(outputs.at(-1)).toMatch(/KEY_OVERUSED|over/i)
})

test('every npm script that the README names exists', () => {
  const named = [...readme.matchAll(/npm (?:run )?(start|test|check|dev|example:[a-z-]+)\b/g)].map(
    ([, name = '']) => name,
  )
  expect(named).toContain('start')
  for (const name of named) expect(manifest).toHaveProperty(['scripts', name])
})

test("the table of variables in the server's README is that of the code", async () => {
  const settings = await readFile(new URL('server/README.md', root), 'utf8')
  const rows = [...settings.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name = '']) => name)
  expect(rows.sort()).toEqual(settingRows.map(([name]) => name).sort())
})

test('every file that the README links to exists', async () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path = '']) => path)
  expect(links.length).toBeGreaterThan(5)
  for (const path of links) await access(new URL(path, root))
})

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import { z } from 'zod'
import { createTestDatabase } from '../support/database.ts'
import { codeBlocksOf } from '../support/documents.ts'
import { freePort } from '../support/server.ts'
import { contain, whyNotContained } from './contained.ts'
import {
  execute,
  measure,
  pack,
  packAndInstall,
  start,
  type PackedPackages,
  type Running,
} from './packed-packages.ts'

/* Both packages as their users have them: packed, installed alone into an empty folder, and used. */

const root = fileURLToPath(new URL('../..', import.meta.url))
const serverKeySecret = 'c2VjcmV0IG9mIHRoZSBwYWNrYWdlIHRlc3RzIC4uLi4'
let packages: PackedPackages

beforeAll(async () => {
  packages = await packAndInstall()
}, 400_000)

afterAll(() => packages.remove())

const bill = z.object({ components: z.array(z.object({ name: z.string() })) })
const dependencies = z.object({ name: z.string(), dependencies: z.record(z.string(), z.string()) })

/** The packages; without a registry the test is skipped, and says so. */
function installed({ skip }: TestContext): PackedPackages {
  if (packages.unreachable !== null) skip(`npm cannot reach its registry (${packages.unreachable})`)
  return packages
}

describe.each(['client', 'server'] as const)('the package of %s/', (name) => {
  test('has its licence, its README and its build, and nothing else of it', () => {
    const { files } = packages[name]
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'CHANGELOG.md', 'package.json']))
    const kinds =
      /^(LICENSE|[A-Z]+\.md|package\.json|bin\/[\w-]+\.js|docs\/[\w-]+\.md|dist\/[\w-]+\.d\.ts|dist\/schema\.graphql|dist\/(client|schema|server)\/.+\.(js|sql|graphql)|dist\/client\/console\/dist\/.+\.(css|html|svg|webmanifest)|dist\/schema\/migrations\/meta\/_journal\.json)$/
    expect(files.filter((file) => !kinds.test(file))).toEqual([])
    expect(files.length).toBeGreaterThan(50)
  })

  test('is packed to the same bytes again', { timeout: 300_000 }, async () => {
    const again = await pack(name, join(packages[name].folder, 'again'))
    const [first, second] = await Promise.all(
      [packages[name].tarball, again.tarball].map((file) => readFile(file)),
    )
    expect(second?.equals(first ?? Buffer.alloc(0))).toBe(true)
  })

  test('has an SBOM with the package and all of its dependencies', async (context) => {
    const { folder } = installed(context)[name]
    const { stdout } = await execute('npm', ['sbom', '--sbom-format', 'cyclonedx'], { cwd: folder })
    const { components } = bill.parse(JSON.parse(stdout))
    const manifest = dependencies.parse(JSON.parse(await readFile(join(root, name, 'package.json'), 'utf8')))
    expect(components.map((component) => component.name)).toEqual(
      expect.arrayContaining([manifest.name, ...Object.keys(manifest.dependencies)]),
    )
  })

  test('is clean by publint', async () => {
    const tarball = await bytesOf(packages[name].tarball)
    const { messages } = await publint({ pack: { tarball }, strict: true })
    expect(messages).toEqual([])
  })

  test('is clean by Are The Types Wrong, as ESM', async () => {
    const tarball = createPackageFromTarballData(new Uint8Array(await bytesOf(packages[name].tarball)))
    const analysis = await checkPackage(tarball, { excludeEntrypoints: ['./schema.graphql'] })
    const problems = analysis.types === false ? ['it has no types'] : analysis.problems
    const isOfEsm = (problem: unknown) =>
      !/"resolutionKind":"(node10|node16-cjs)"/.test(JSON.stringify(problem))
    expect(problems.filter(isOfEsm)).toEqual([])
  })
})

async function bytesOf(file: string): Promise<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = await readFile(file)
  return new Uint8Array(buffer, byteOffset, byteLength).slice().buffer
}

test('claviger installs at most 20 packages and 15 MB', async (context) => {
  const { packages: count, megabytes } = await measure(installed(context).client.folder)
  process.stdout.write(`claviger: ${String(count)} packages, ${megabytes.toFixed(1)} MB\n`)
  expect(count).toBeGreaterThan(5)
  expect(count).toBeLessThanOrEqual(20)
  expect(megabytes).toBeLessThanOrEqual(15)
})

test.for([
  ['nodenext', 'typescript'],
  ['nodenext', 'typescript-7'],
  ['bundler', 'typescript'],
  ['bundler', 'typescript-7'],
] as const)(
  'every entry but claviger/urql, which needs urql’s types, compiles without "dom" and without skipLibCheck: %s, %s',
  { timeout: 90_000 },
  async ([moduleResolution, compiler], context) => {
    const { client, server } = installed(context)
    await writeFile(
      join(client.folder, 'program.ts'),
      "export * as sdk from 'claviger'\nexport * as node from 'claviger/node'\nexport * as verifier from 'claviger/verifier'\n",
    )
    await writeFile(join(server.folder, 'program.ts'), "export * as server from '@claviger/server'\n")
    expect(await compile(moduleResolution, compiler)).toBe('')
  },
)

test(
  'a program that needs "dom" does not compile so (negative control)',
  { timeout: 90_000 },
  async (context) => {
    const { client, server } = installed(context)
    await writeFile(join(client.folder, 'program.ts'), 'export type Database = IDBFactory\n')
    await writeFile(join(server.folder, 'program.ts'), '')
    expect(await compile('bundler', 'typescript-7')).toContain("Cannot find name 'IDBFactory'")
  },
)

async function compile(
  moduleResolution: 'nodenext' | 'bundler',
  compiler: 'typescript' | 'typescript-7',
): Promise<string> {
  const { client, server } = packages
  const options = {
    ...{ noEmit: true, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false },
    ...{ target: 'es2024', lib: ['es2024'], types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
    ...{ module: moduleResolution === 'nodenext' ? 'nodenext' : 'esnext', moduleResolution },
  }
  const project = join(client.folder, `tsconfig.${moduleResolution}.json`)
  const files = [client, server].map(({ folder }) => join(folder, 'program.ts'))
  await writeFile(project, JSON.stringify({ compilerOptions: options, files }))
  return execute(process.execPath, [join(root, 'node_modules', compiler, 'bin/tsc'), '-p', project], {
    cwd: client.folder,
  }).then(
    () => '',
    (error: unknown) => (error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error)),
  )
}

test('every command of the server is in its package, and says how it is used', async (context) => {
  const { server } = installed(context)
  const bin = join(server.folder, 'node_modules/.bin/claviger-server')
  const { stdout: usage } = await execute(bin, ['--help'], { cwd: server.folder })
  const commands = [...usage.matchAll(/claviger-server ([a-z-]+) (?:--help|\[OPTION\])/g)].map(
    ([, name = '']) => name,
  )
  expect(commands).toEqual(
    expect.arrayContaining(['serve', 'server-key', 'accounts', 'invite', 'database', 'doctor']),
  )
  for (const command of commands) {
    const { stdout } = await execute(bin, [command, '--help'], { cwd: server.folder })
    expect(stdout).toContain(`Usage: claviger ${command}`)
  }
}, 60_000)

test('without @claviger/server "claviger serve" says how to install it', async (context) => {
  const { client } = installed(context)
  const run = execute('npx', ['--no-install', 'claviger', 'serve'], { cwd: client.folder })
  await expect(run).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('npm install @claviger/server'),
  })
})

test('the commands of the server are found in the current folder', async (context) => {
  const { client, server } = installed(context)
  const bin = join(client.folder, 'node_modules/claviger/bin/claviger.js')
  const { stdout } = await execute(process.execPath, [bin, 'server-key', '--help'], { cwd: server.folder })
  expect(stdout).toContain('Usage: claviger server-key')
})

describe('a key server that npx runs alone, with its own PostgreSQL', () => {
  let keyServer: Running | undefined
  let shop: Running | undefined

  afterAll(async () => {
    await shop?.stop()
    await keyServer?.stop()
  })

  test('serves the SDK, the verifier with its middleware, and the command line', async (context) => {
    const { client, server } = installed(context)
    keyServer = await start(['npx', '--no-install', '@claviger/server'], {
      cwd: server.folder,
      env: { PORT: '0', DATA_DIR: join(server.folder, 'data'), SERVER_KEY_SECRET: serverKeySecret },
      until: /GraphQL +(http:\/\/localhost:\d+)\/graphql/,
    })
    const url = keyServer.found
    const port = String(await freePort())
    const [app = '', applicationServer = ''] = codeBlocksOf(
      await readFile(join(client.folder, 'node_modules/claviger/README.md'), 'utf8'),
      'js',
    ).map((code) => code.replaceAll('http://localhost:4000', url).replaceAll('5000', port))
    await writeFile(join(client.folder, 'app.js'), app)
    await writeFile(
      join(client.folder, 'application-server.js'),
      `${applicationServer}console.log('open: now')\n`,
    )
    shop = await start([process.execPath, 'application-server.js'], { cwd: client.folder, until: /(open)/ })
    const ran = await execute(process.execPath, ['app.js'], { cwd: client.folder })
    expect(ran.stdout).toBe('Welcome, alice.\n\n')

    const env = { CLAVIGER_URL: url, CLAVIGER_KEYSTORE: join(client.folder, 'key.json') }
    for (const command of ['init --owner bob', 'key create https://shop.example', 'key list --json']) {
      const args = ['--no-install', 'claviger', ...command.split(' ')]
      const { stdout } = await execute('npx', args, { cwd: client.folder, env })
      expect(stdout).toMatch(/bob|https:\/\/shop\.example/)
    }
  }, 90_000)
})

test('without the optional dependency it runs on a PostgreSQL of yours, and says so when there is none', async (context) => {
  const { server } = installed(context)
  await execute('npm', ['prune', '--omit=optional', '--no-audit', '--no-fund', '--offline'], {
    cwd: server.folder,
  })
  const { megabytes } = await measure(server.folder)
  process.stdout.write(`@claviger/server without PostgreSQL: ${megabytes.toFixed(1)} MB\n`)
  const bin = join(server.folder, 'node_modules/.bin/claviger-server')
  const env = { PORT: '0', SERVER_KEY_SECRET: serverKeySecret }
  const without = execute(bin, [], {
    cwd: server.folder,
    env: { ...env, DATA_DIR: join(server.folder, 'none') },
  })
  await expect(without).rejects.toMatchObject({ stderr: expect.stringContaining('set DATABASE_URL') })
  const database = await createTestDatabase()
  try {
    const running = await start([bin], {
      cwd: server.folder,
      env: { ...env, DATABASE_URL: database.url },
      until: /GraphQL +(http:\/\/localhost:\d+)\/graphql/,
    })
    const answer = await fetch(running.found.concat('/readyz'))
    await running.stop()
    expect(answer.status).toBe(200)
  } finally {
    await database.drop()
    await rm(join(server.folder, 'none'), { recursive: true, force: true })
  }
}, 60_000)

test('the commands of the Dockerfile run it as process 1, unprivileged and read-only, and SIGTERM ends it in order', async (context) => {
  const { server } = installed(context)
  const reason = whyNotContained()
  if (reason !== null) context.skip(reason)
  const dockerfile = await readFile(join(root, 'deploy/docker/Dockerfile'), 'utf8')
  const listOf = (instruction: RegExp) =>
    z.array(z.string()).parse(JSON.parse(instruction.exec(dockerfile)?.[1] ?? ''))
  const database = await createTestDatabase()
  const port = String(await freePort())
  const files = join(server.folder, 'secrets')
  await mkdir(files, { recursive: true })
  await writeFile(join(files, 'database-url'), database.url)
  await writeFile(join(files, 'server-key-secret'), serverKeySecret)
  const contained = await contain(listOf(/^ENTRYPOINT (.*)$/m), {
    app: server.folder,
    env: {
      ...{ NODE_ENV: 'production', HOST: '0.0.0.0', PORT: port, PUBLIC_URL: 'https://keys.example' },
      DATABASE_URL_FILE: '/app/secrets/database-url',
      SERVER_KEY_SECRET_FILE: '/app/secrets/server-key-secret',
      SHUTDOWN_DELAY_SECONDS: '1',
    },
  })
  try {
    const isHealthy = () => contained.run(listOf(/^ {2}CMD (.*)$/m), { PORT: port }) === 0
    await expect.poll(isHealthy, { timeout: 45_000, interval: 500, message: contained.output() }).toBe(true)
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200)
    expect(await contained.status()).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m)
    expect(await contained.status()).toMatch(/^NSpid:\t\d+\t1$/m)
    expect(await contained.status()).toMatch(/^CapEff:\t0+$/m)
    for (const path of ['/app/x', '/x', '/etc/x']) expect(contained.run(['touch', path], {})).toBe(1)
    expect(contained.run(['touch', '/tmp/x'], {})).toBe(0)
    // The negative control of the health check.
    expect(contained.run(listOf(/^ {2}CMD (.*)$/m), { PORT: '1' })).toBe(1)
  } finally {
    expect(await contained.stop(), contained.output()).toBe(0)
    await database.drop()
  }
}, 120_000)

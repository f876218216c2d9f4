import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { z } from 'zod'

/* Both binaries change the resolution of modules before they import anything. */

const seen = z.object({
  /** URL and format of each module, in the order of their URLs. */
  loaded: z.array(z.tuple([z.string(), z.string()])),
  /** Left to Node. */
  resolvedByNode: z.array(z.object({ specifier: z.string(), parent: z.string() })),
})
type Seen = z.infer<typeof seen>

test.each([
  { folder: 'server', packages: 'drizzle-orm|jose|zod' },
  { folder: 'client', packages: 'jose|structured-headers' },
])(
  'the files that the binary of $folder/ imports are those that Node finds, with the same formats',
  async ({ folder, packages }) => {
    const quick = new RegExp(
      `^(?!.*/node_modules/).*/(?:client|schema|server)/|/node_modules/(?:${packages})/`,
    )
    const [ours, theirs] = await Promise.all([
      importAll(folder, `await import('./${folder}/bin/module-resolution.js')`),
      importAll(folder, ''),
    ])
    expect(ours.loaded).toEqual(theirs.loaded)
    expect(theirs.loaded.length).toBeGreaterThan(100)
    expect(filesOf(ours, quick)).toEqual([])
    expect(filesOf(theirs, quick).length).toBeGreaterThan(100)
  },
)

test('the server’s files ask Node for each package once', async () => {
  const ours = await importAll('server', "await import('./server/bin/module-resolution.js')")
  const asked = ours.resolvedByNode
    .filter(({ specifier, parent }) => specifier.startsWith('drizzle-orm') && parent.endsWith('.ts'))
    .map(({ specifier, parent }) => `${specifier} ${parent.includes('/schema/') ? 'schema' : 'server'}`)
  expect(asked.length).toBeGreaterThan(2)
  expect(asked.toSorted()).toEqual([...new Set(asked)].toSorted())
})

test('a file of another package is left to Node, and one of ours that is missing fails', async () => {
  const program = `await import('./server/bin/module-resolution.js')
    const isCommonJs = Object.hasOwn(await import('./node_modules/ws/index.js'), 'module.exports')
    const code = await import('./server/none.ts').catch((error) => error.code)
    process.stdout.write(JSON.stringify({ isCommonJs, code }))`
  expect(JSON.parse(await evaluate(program))).toEqual({ isCommonJs: true, code: 'ENOENT' })
})

/** Imports of files by the sources and packages of that pattern that Node resolved. */
function filesOf({ resolvedByNode }: Seen, pattern: RegExp) {
  return resolvedByNode.filter(
    ({ specifier, parent }) => /^\.\.?\/.*\.(?:js|ts)$/.test(specifier) && pattern.test(parent),
  )
}

async function importAll(folder: string, before: string): Promise<Seen> {
  const program = `import { registerHooks } from 'node:module'
    const loaded = []
    const resolvedByNode = []
    registerHooks({
      resolve(specifier, context, next) {
        resolvedByNode.push({ specifier, parent: context.parentURL ?? '' })
        return next(specifier, context)
      },
      load(url, context, next) {
        const result = next(url, context)
        if (url.startsWith('file:') && !url.includes('/bin/module-resolution')) loaded.push([url, String(result.format)])
        return result
      },
    })
    ${before}
    await import('./${folder}/index.ts')
    if ('${folder}' === 'client') await import('./client/node/index.ts')
    process.stdout.write(JSON.stringify({ loaded: loaded.sort(), resolvedByNode }))`
  return seen.parse(JSON.parse(await evaluate(program)))
}

async function evaluate(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    maxBuffer: 2 ** 24,
    timeout: 30_000,
  })
  return stdout
}

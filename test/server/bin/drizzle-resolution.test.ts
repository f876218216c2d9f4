import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { z } from 'zod'

/* The server's binary, which changes the resolution of modules before it imports the server. */

const seen = z.object({
  /** URL and format of each module. */
  loaded: z.array(z.tuple([z.string(), z.string()])),
  /** Left to Node. */
  resolvedByNode: z.array(z.object({ specifier: z.string(), parent: z.string() })),
})

test('drizzle-orm’s files are the ones that Node finds, without reading its package.json for each', async () => {
  const [ours, theirs] = await Promise.all([
    importDrizzle('await import("./server/bin/drizzle-resolution.js")'),
    importDrizzle(''),
  ])
  expect(ours.loaded).toEqual(theirs.loaded)
  expect(theirs.loaded.length).toBeGreaterThan(50)
  expect(withinDrizzle(ours)).toEqual([])
  expect(withinDrizzle(theirs).length).toBeGreaterThan(50)
})

function withinDrizzle({ resolvedByNode }: z.infer<typeof seen>) {
  return resolvedByNode.filter(
    ({ specifier, parent }) => specifier.startsWith('.') && parent.includes('drizzle-orm'),
  )
}

async function importDrizzle(before: string): Promise<z.infer<typeof seen>> {
  const program = `import { registerHooks } from 'node:module'
    const loaded = []
    const resolvedByNode = []
    registerHooks({
      resolve(specifier, context, next) {
        resolvedByNode.push({ specifier, parent: context.parentURL ?? '' })
        return next(specifier, context)
      },
      load(url, context, next) {
        if (url.includes('/node_modules/drizzle-orm/')) loaded.push([url, context.format])
        return next(url, context)
      },
    })
    ${before}
    for (const path of ['', '/pg-core', '/postgres-js', '/migrator']) await import('drizzle-orm' + path)
    process.stdout.write(JSON.stringify({ loaded, resolvedByNode }))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    maxBuffer: 2 ** 24,
    timeout: 30_000,
  })
  return seen.parse(JSON.parse(stdout))
}

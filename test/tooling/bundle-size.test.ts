import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

/*
 * A page loads this before it can open a vault, and an application server on an edge before it verifies: all that an entry
 * exports, bundled and minified, without the files that are loaded when a function is called.
 */

interface Bundle {
  /** The size of the entry and of all that it imports at once, each file compressed by itself, as servers send them. */
  readonly gzipBytes: number
  /** The paths of the modules in these files, and of those that are loaded later. */
  readonly atOnce: readonly string[]
  readonly later: readonly string[]
}

/** The bound of each entry, in bytes of minified JavaScript after gzip. 1 kB is 1,000 bytes. */
const bounds = { claviger: 60_000, 'claviger/verifier': 45_000 } as const
const sources = { claviger: 'client/index.ts', 'claviger/verifier': 'client/verifier.ts' } as const
const names = ['claviger', 'claviger/verifier'] as const

/** Seldom needed, or large. */
const loadedLater = /@noble|@scure|uqr|client\/(recovery|backup|webhooks|channels)\//

describe.each(names)('%s', (name) => {
  const bundled = bundle(`export * from '${join(root, sources[name])}'`)

  test('is within its bound', { timeout: 60_000 }, async () => {
    const { gzipBytes } = await bundled
    process.stdout.write(`${name}: ${(gzipBytes / 1000).toFixed(1)} kB\n`)
    expect(gzipBytes).toBeGreaterThan(20_000)
    expect(gzipBytes).toBeLessThanOrEqual(bounds[name])
  })

  test('is as large as docs/browser.md says', async () => {
    const { gzipBytes } = await bundled
    const page = await readFile(join(root, 'docs/browser.md'), 'utf8')
    const stated = new RegExp(`^\\| \`${name}\` +\\| (\\d+) kB +\\|`, 'm').exec(page)?.[1]
    expect(Math.abs(Number(stated) - gzipBytes / 1000)).toBeLessThan(1.5)
  })

  test('loads at once no curves, no word list, no QR codes, no recovery and no backup', async () => {
    const { atOnce } = await bundled
    expect(atOnce.filter((path) => loadedLater.test(path))).toEqual([])
    expect(atOnce.length).toBeGreaterThan(30)
  })
})

test('what the SDK loads later is there', async () => {
  const { later } = await bundle(`export * from '${join(root, sources.claviger)}'`)
  for (const part of ['@noble/curves', '@scure/bip39', 'uqr', 'client/recovery/phrase.ts']) {
    expect(later.filter((path) => path.includes(part))).not.toEqual([])
  }
})

test.each([
  ['claviger', join(root, 'client/vault/seldom.ts')],
  ['claviger/verifier', join(root, 'client/crypto/arithmetic.ts')],
] as const)('%s with what it loads later would be above its bound (negative control)', async (name, part) => {
  const both = [join(root, sources[name]), part].map((path) => `export * from '${path}'`)
  const { gzipBytes, atOnce } = await bundle(both.join('\n'))
  expect(gzipBytes).toBeGreaterThan(bounds[name])
  expect(atOnce.filter((path) => loadedLater.test(path))).not.toEqual([])
})

/** Bundles a module of this text, as Vite builds pages. */
async function bundle(text: string): Promise<Bundle> {
  const id = '\0entry'
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    root,
    resolve: { conditions: ['claviger:source', 'module', 'browser', 'production'] },
    plugins: [
      {
        name: 'entry',
        resolveId: (source) => (source === id ? id : null),
        load: (source) => (source === id ? text : null),
      },
    ],
    build: {
      write: false,
      minify: true,
      modulePreload: false,
      rolldownOptions: { input: id, preserveEntrySignatures: 'strict' },
    },
  })
  const chunks = chunksOf(result)
  const atOnce = new Set(chunks.filter(({ isEntry }) => isEntry))
  for (const { imports } of atOnce) {
    for (const chunk of chunks) if (imports.includes(chunk.fileName)) atOnce.add(chunk)
  }
  const modulesOf = (some: readonly Rolldown.OutputChunk[]) => some.flatMap(({ moduleIds }) => moduleIds)
  return {
    gzipBytes: [...atOnce].reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0),
    atOnce: modulesOf([...atOnce]),
    later: modulesOf(chunks.filter((chunk) => !atOnce.has(chunk))),
  }
}

function chunksOf(result: Awaited<ReturnType<typeof build>>): Rolldown.OutputChunk[] {
  if (!('output' in result)) throw new TypeError('One build has one output.')
  return result.output.filter((file) => file.type === 'chunk')
}

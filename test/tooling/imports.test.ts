import { describe, expect, test } from 'vitest'
import { folderCycles, importsOf, importsWithin, readImportGraph, type ImportGraph } from './import-graph.ts'

const graph = await readImportGraph()

/** The imports of files in `folder` that lead to none of `allowed`. */
function strayImports(imports: ImportGraph, folder: string, allowed: readonly string[]): string[] {
  return [...imports]
    .filter(([file]) => file.startsWith(folder))
    .flatMap(([file, targets]) =>
      targets
        .filter((target) => !allowed.some((prefix) => target.startsWith(prefix)))
        .map((target) => `${file} → ${target}`),
    )
}

describe('the folders of server/, client/ and schema/', () => {
  test('do not import each other in a circle', () => {
    expect(graph.size).toBeGreaterThan(300)
    expect(folderCycles(graph).flatMap((cycle) => importsWithin(cycle, graph))).toEqual([])
  })

  test('leave schema/wire a leaf: it imports nothing of ours', () => {
    expect(strayImports(graph, 'schema/wire/', ['schema/wire/'])).toEqual([])
  })

  test('leave server/lib without knowledge of the server: it imports lib/ and schema/wire/ only', () => {
    expect(strayImports(graph, 'server/lib/', ['server/lib/', 'schema/wire/'])).toEqual([])
  })
})

describe('negative controls:', () => {
  const circle: ImportGraph = new Map([
    ['server/auth/a.ts', ['server/lib/b.ts', 'server/alerts/c.ts']],
    ['server/alerts/c.ts', ['server/events/d.ts']],
    ['server/events/d.ts', ['server/auth/e.ts']],
    ['server/lib/b.ts', ['server/config.ts']],
  ])

  test('a circle through three folders is found, with the imports that make it', () => {
    expect(folderCycles(circle)).toEqual([['server/alerts', 'server/auth', 'server/events']])
    expect(importsWithin(['server/alerts', 'server/auth', 'server/events'], circle)).toEqual([
      'server/auth/a.ts → server/alerts/c.ts',
      'server/alerts/c.ts → server/events/d.ts',
      'server/events/d.ts → server/auth/e.ts',
    ])
  })

  test('a helper that imports the server is found', () => {
    expect(strayImports(circle, 'server/lib/', ['server/lib/'])).toEqual([
      'server/lib/b.ts → server/config.ts',
    ])
  })

  test('imports are read in every form, and packages are none', () => {
    const code = [
      `import { z } from 'zod'`,
      `import '../lib/log.ts'`,
      `import type { A } from './a.ts'`,
      `import {\n  b,\n  type C,\n} from '../../schema/wire/limits.ts'`,
      `export { d } from './d.ts'`,
      `const text = "import e from './e.ts'"`,
    ].join('\n')
    expect(importsOf('server/auth/f.ts', code)).toEqual([
      'server/lib/log.ts',
      'server/auth/a.ts',
      'schema/wire/limits.ts',
      'server/auth/d.ts',
    ])
  })
})

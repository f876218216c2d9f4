import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readImportGraph } from './import-graph.ts'

/* docs/architecture.md walks three paths: its files exist, and each step is connected with the one before by an import. */

const root = fileURLToPath(new URL('../../', import.meta.url))
const document = await readFile(`${root}docs/architecture.md`, 'utf8')
const graph = await readImportGraph()
const sql = globSync('schema/{migrations,functions}/*.sql', { cwd: root })
const functions = readFunctions(
  await Promise.all(sql.sort().map((file) => readFile(`${root}${file}`, 'utf8'))),
)

interface Step {
  /** A process is crossed: the first name is connected with nothing before it. */
  readonly isCrossing: boolean
  /** Files, and database functions as `name()`, in the order of the text. */
  readonly names: readonly string[]
}

interface Path {
  readonly title: string
  readonly steps: readonly Step[]
}

const paths = pathsOf(document)

describe('docs/architecture.md', () => {
  test('walks three paths of about ten steps', () => {
    expect(paths.map(({ title }) => title)).toEqual([
      'A client acquires a wrapped key',
      'An alert reaches the SDK',
      'An application server verifies a public key',
    ])
    for (const { steps } of paths) {
      expect(steps.length).toBeGreaterThanOrEqual(8)
      expect(steps.length).toBeLessThanOrEqual(12)
      expect(steps.filter(({ isCrossing }) => isCrossing).length).toBeLessThanOrEqual(2)
    }
  })

  test.each(paths)('names only what exists: $title', ({ steps }) => {
    const names = steps.flatMap((step) => step.names)
    expect(names.length).toBeGreaterThan(15)
    expect(names.filter((name) => !graph.has(name) && !functions.has(name))).toEqual([])
  })

  test.each(paths)('names it in the order of import or call: $title', async ({ steps }) => {
    expect(await unconnected(steps)).toEqual([])
  })

  test('is one page', () => {
    expect(document.split('\n').length).toBeLessThan(100)
  })
})

describe('negative controls:', () => {
  test('a step in the wrong place is found', async () => {
    const [{ steps } = { steps: [] }] = paths
    const resolver = steps.findIndex(({ names }) => names.includes('schema/graphql/wrapped-key.ts'))
    const swapped = steps.toSpliced(resolver, 1).toSpliced(1, 0, ...steps.slice(resolver, resolver + 1))
    expect(await unconnected(swapped)).toContain('schema/graphql/wrapped-key.ts')
  })

  test('a function that nobody before it calls is found', async () => {
    const steps = [
      { isCrossing: false, names: ['server/alerts/deadlines.ts'] },
      { isCrossing: false, names: ['prune_nonces()'] },
    ]
    expect(await unconnected(steps)).toEqual(['prune_nonces()'])
  })

  test('a file that is not there is in no graph', () => {
    expect(graph.has('server/alerts/nowhere.ts')).toBe(false)
  })
})

/** The names that nothing in the same step before them, or in the step before, imports, is imported by, or calls. */
async function unconnected(steps: readonly Step[]): Promise<string[]> {
  const found: string[] = []
  for (const [index, { isCrossing, names }] of steps.entries()) {
    for (const [place, name] of names.entries()) {
      if (place === 0 && (isCrossing || index === 0)) continue
      const before = [...(isCrossing ? [] : (steps[index - 1]?.names ?? [])), ...names.slice(0, place)]
      const connections = await Promise.all(before.map((other) => isConnected(other, name)))
      if (!connections.includes(true)) found.push(name)
    }
  }
  return found
}

async function isConnected(before: string, name: string): Promise<boolean> {
  if (before === name) return true
  if (!name.endsWith('()')) return leadsTo(before, name) || leadsTo(name, before)
  const caller = functions.get(before) ?? (await readFile(`${root}${before}`, 'utf8').catch(() => ''))
  return caller.includes(name.slice(0, -1))
}

/** Whether a file imports another one, or a file that imports it. */
function leadsTo(from: string, to: string): boolean {
  const imports = graph.get(from) ?? []
  return imports.includes(to) || imports.some((between) => graph.get(between)?.includes(to) === true)
}

function pathsOf(text: string): Path[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [title = ''] = section.split('\n', 1)
      const items = section.split(/^\d+\. /m).slice(1)
      return {
        title,
        steps: items.map((item) => ({
          isCrossing: item.startsWith('**'),
          names: [...item.matchAll(/`((?:[\w-]+\/)+[\w-]+\.ts|[a-z]+(?:_[a-z]+)+\(\))`/g)].map(
            ([, name = '']) => name,
          ),
        })),
      }
    })
}

/** The newest text of each database function, by its name with `()`. */
function readFunctions(texts: readonly string[]): Map<string, string> {
  const definitions = texts.flatMap((text) => [
    ...text.matchAll(/CREATE (?:OR REPLACE )?FUNCTION (\w+)\(.*?AS \$\$(.*?)\$\$/gs),
  ])
  return new Map(definitions.map(([, name = '', body = '']) => [`${name}()`, body]))
}

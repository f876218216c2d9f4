import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Each source file of the packages with the files it imports, types included. Paths are relative to the repository. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>

/** Reads the imports of every TypeScript file below server/, client/ and schema/. */
export async function readImportGraph(): Promise<ImportGraph> {
  const files = ['server', 'client', 'schema'].flatMap((folder) =>
    globSync(`${folder}/**/*.ts`, {
      cwd: root,
      exclude: (name) => name === 'node_modules' || name === 'dist',
    }),
  )
  const entries = files.map(
    async (file) => [file, importsOf(file, await readFile(`${root}${file}`, 'utf8'))] as const,
  )
  return new Map(await Promise.all(entries))
}

/** The files of this repository that `text` imports or re-exports, in the order in which it names them. */
export function importsOf(file: string, text: string): string[] {
  const specifiers = text.matchAll(/^(?:import|export|\} from)\b[^'\n]*'(\.{1,2}\/[^']+)'/gm)
  return [...specifiers].map(([, specifier = '']) => posix.join(posix.dirname(file), specifier))
}

/** The folder that a file belongs to: `server/auth`. A file directly below server/ or client/ is a folder of its own. */
function folderOf(file: string): string {
  return file.split('/').slice(0, 2).join('/')
}

/** The sets of folders that import each other, directly or through others. Each is sorted; none means no cycle. */
export function folderCycles(graph: ImportGraph): string[][] {
  const edges = folderEdges(graph)
  const folders = [...edges.keys()].sort()
  const reachable = new Map(folders.map((folder) => [folder, reachableFrom(folder, edges)]))
  const cycles = folders.map((folder) =>
    folders.filter(
      (other) => reachable.get(folder)?.has(other) === true && reachable.get(other)?.has(folder) === true,
    ),
  )
  const distinct = new Map(cycles.filter(({ length }) => length > 0).map((cycle) => [cycle.join(), cycle]))
  return [...distinct.values()]
}

/** The imports that lead from one folder of `cycle` to another, as `file → file`: what to look at to break it. */
export function importsWithin(cycle: readonly string[], graph: ImportGraph): string[] {
  return [...graph].flatMap(([file, imports]) =>
    imports
      .filter((imported) => folderOf(file) !== folderOf(imported))
      .filter((imported) => [file, imported].every((path) => cycle.includes(folderOf(path))))
      .map((imported) => `${file} → ${imported}`),
  )
}

function folderEdges(graph: ImportGraph): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>()
  for (const [file, imports] of graph) {
    const from = folderOf(file)
    const targets = edges.get(from) ?? new Set()
    edges.set(from, targets)
    for (const imported of imports) if (folderOf(imported) !== from) targets.add(folderOf(imported))
  }
  return edges
}

/** Every folder that a walk along `edges` from `start` arrives at; `start` only when a walk comes back to it. */
function reachableFrom(start: string, edges: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const seen = new Set<string>()
  const waiting = [...(edges.get(start) ?? [])]
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (seen.has(folder)) continue
    seen.add(folder)
    waiting.push(...(edges.get(folder) ?? []))
  }
  return seen
}

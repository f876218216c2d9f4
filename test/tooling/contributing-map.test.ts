import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

/* The map in CONTRIBUTING.md is compared with the tree: it has every folder, and no folder or file besides. */

const root = new URL('../../', import.meta.url)
const contributing = await readFile(new URL('CONTRIBUTING.md', root), 'utf8')
const [, map = ''] = /^## The map\n.*?^( {4}\w.*?)\n\n\S/ms.exec(contributing) ?? []

/** Folders whose parts the map does not list. */
const leaves = ['bench', 'bin', 'examples']
/** Folders that git does not keep. */
const derived = ['node_modules', 'dist', 'coverage']

/** Copied there while the package is packed. */
const packedDocuments = 'client/docs'

/** The folders in a map: those at its margin, and one level deeper those that stand below them. */
function foldersOf(text: string): string[] {
  let parent = ''
  return text.split('\n').flatMap((line) => {
    const [, indent = '', names = ''] = /^( {4}| {6})((?:[\w-]+\/ ?)+)(?: |$)/.exec(line) ?? []
    const folders = names.split(/[/ ]+/).filter((name) => name !== '')
    if (indent.length === 4) parent = folders[0] ?? ''
    return indent.length === 4 ? folders : folders.map((name) => `${parent}/${name}`)
  })
}

/** The files that a map names, each below the folder of its line's top level. */
function filesOf(text: string): string[] {
  let parent = ''
  return text.split('\n').flatMap((line) => {
    const [, indent = '', name = ''] = /^( {4}| {6})([\w-]+)\//.exec(line) ?? []
    if (indent.length === 4) parent = name
    const folder = indent.length === 6 ? `${parent}/${name}` : parent
    return [...line.matchAll(/(?<![\w/])[\w-]+\.(?:ts|md)\b/g)].map(([file]) => `${folder}/${file}`)
  })
}

function subfolders(folder: string): string[] {
  return readdirSync(new URL(folder, root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !derived.includes(entry.name))
    .map(({ name }) => name)
}

test('the map has every folder of the tree, two levels deep, and no other', () => {
  const tree = subfolders('.')
    .flatMap((top) => [
      top,
      ...(leaves.includes(top) ? [] : subfolders(`${top}/`).map((name) => `${top}/${name}`)),
    ])
    .filter((folder) => folder !== packedDocuments)
  expect(tree.length).toBeGreaterThan(50)
  expect(foldersOf(map).sort()).toEqual(tree.sort())
})

test('every file that the map names exists', () => {
  const files = filesOf(map)
  expect(files).toContain('server/main.ts')
  // A file that another folder's line mentions, as bin/ does, is named with its folder.
  expect(files.filter((file) => !existsSync(new URL(file, root)))).toEqual([])
})

test('a folder and a file that are not there are found (negative control)', () => {
  const broken = map.replace('      http/ ws/ ', '      http/ telex/ ').replace('app.ts', 'application.ts')
  expect(foldersOf(broken)).toContain('server/telex')
  expect(foldersOf(broken)).not.toContain('server/ws')
  expect(filesOf(broken)).toContain('server/application.ts')
})

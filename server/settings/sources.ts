import { readFileSync } from 'node:fs'
import { codesOf } from '../database/error-codes.ts'
import { fileVariable, secretNames, settingRows } from './settings.ts'

/** Where a setting comes from. */
export type Source = 'flag' | 'environment' | 'file'

/** A setting as it is written, before it is parsed. */
export interface Written {
  readonly text: string
  readonly source: Source
}

/** The settings that are written anywhere, by name, and what is wrong with where they are written. */
export interface Sources {
  readonly written: ReadonlyMap<string, Written>
  readonly problems: readonly string[]
}

/** Texts by the names of settings, or by `NAME_FILE`. */
export type Texts = Readonly<Record<string, string | undefined>>

/** A secret is one line; a file that is longer is another file. */
const secretBytesMax = 64 * 1024

/**
 * Gathers the settings. A flag wins over the environment, whichever of `NAME` and `NAME_FILE` is used there. An empty text
 * is no setting, so that a variable can be unset where it cannot be removed.
 */
export function gatherSettings(environment: Texts, flags: Texts): Sources {
  const written = new Map<string, Written>()
  const problems: string[] = []
  for (const [name] of settingRows) {
    const source = isWritten(flags, name) ? flags : environment
    const text = textOf(source, name)
    const file = secretNames.includes(name) ? textOf(source, fileVariable(name)) : undefined
    if (text !== undefined && file !== undefined) {
      problems.push(`${name}: is given twice, by itself and by ${fileVariable(name)}: keep one of them`)
    } else if (text !== undefined) {
      written.set(name, { text, source: source === flags ? 'flag' : 'environment' })
    } else if (file !== undefined) {
      const content = readSecret(file)
      if ('problem' in content) problems.push(`${fileVariable(name)}: ${content.problem}`)
      else written.set(name, { text: content.text, source: 'file' })
    }
  }
  return { written, problems }
}

function isWritten(texts: Texts, name: string): boolean {
  return textOf(texts, name) !== undefined || textOf(texts, fileVariable(name)) !== undefined
}

function textOf(texts: Texts, name: string): string | undefined {
  return texts[name] === '' ? undefined : texts[name]
}

/** The first line of a file, which is the whole file but for the end of that line. */
function readSecret(path: string): { readonly text: string } | { readonly problem: string } {
  try {
    const content = readFileSync(path)
    if (content.length > secretBytesMax) return { problem: 'names a file that is too long for a secret' }
    const text = content.toString('utf8').replace(/\r?\n$/, '')
    if (text === '') return { problem: 'names an empty file' }
    return text.includes('\n') ? { problem: 'names a file of several lines; a secret is one' } : { text }
  } catch (error) {
    return { problem: `names a file that cannot be read (${codesOf(error)[0] ?? 'unknown error'})` }
  }
}

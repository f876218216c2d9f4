import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { findRetiredWords } from './retired-words.ts'

const glossary = await readFile(new URL('../../docs/glossary.md', import.meta.url), 'utf8')

/** The cells of each row that defines a term. */
function definitionsIn(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => /^\| (?!term |-)/.test(line))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()))
}

/** Terms that are defined twice, and rows without a term, a meaning that is a sentence, or a source. */
function defectsOf(text: string): string[] {
  const definitions = definitionsIn(text)
  const terms = definitions.map(([term = '']) => term)
  return [
    ...terms.filter((term, index) => terms.indexOf(term) !== index),
    ...definitions
      .filter(
        ([term, meaning = '', source, ...rest]) =>
          !term || !meaning.endsWith('.') || !source || rest.length > 0,
      )
      .map((cells) => cells.join('|')),
  ]
}

test('the glossary defines each term once, with its source', () => {
  expect(definitionsIn(glossary).length).toBeGreaterThan(70)
  expect(defectsOf(glossary)).toEqual([])
})

test('it uses no retired word', () => {
  expect(findRetiredWords(glossary)).toEqual([])
})

test('a term twice, and one without a meaning or a source, are found (negative control)', () => {
  const row = '| pin | A key. | RFC 7469 |'
  expect(defectsOf(`${row}\n${row}`)).toEqual(['pin'])
  expect(defectsOf('| pin |  | RFC 7469 |')).toEqual(['pin||RFC 7469'])
  expect(defectsOf('| pin | A key. |  |')).toEqual(['pin|A key.|'])
})

import { expect, test } from 'vitest'
import { findRetiredWords } from './retired-words.ts'

const wordsIn = (text: string) => findRetiredWords(text).map(({ found }) => found)

test.each([
  ['a retired name', 'const standing: KeyStanding = read()', ['KeyStanding']],
  ['each of several', 'assertRan(momentOf(clock))', ['assertRan', 'momentOf']],
  ['"can not", also across the lines of a comment', '/**\n * It can\n * not be renamed.\n */', ['can * not']],
  ['people who are he', '// The owner keeps his phrase to himself.', ['his', 'himself']],
  ['"Who" in place of a subject', '/** Who signs has a list. */', ['Who']],
  ['the same in a document', 'It ends. Whose client has gone is answered by nobody.', ['Whose']],
  ['the same in a list', '- Who is not pinned may have signed it.', ['Who']],
  ['"What" in place of a subject', '/** What an entry tells. */', ['What']],
  ['the same in a message', "throw new Error('What was sent is lost.')", ['What']],
  ['"Of" before a noun', '// Of messages, the longest.', ['Of']],
  ['"Of" at the beginning', '// Of all pools that follow one another, the current one.', ['Of']],
])('finds %s', (_what, text, found) => {
  expect(wordsIn(text)).toEqual(found)
})

test.each([
  ['a longer name', 'const keyStandings = MomentOfTruth'],
  ['"can not only"', 'They can not only read it.'],
  ['a question', 'Who may sign this? Whose key is it?'],
  ['"of" within a sentence', 'One of all the keys. The owner, who signs, keeps it.'],
  ['parts of words', 'this, history, where, others, theirs, there, The, ache'],
])('does not find %s (negative control)', (_what, text) => {
  expect(wordsIn(text)).toEqual([])
})

test('says where a word stands and what to say instead', () => {
  expect(findRetiredWords('one\ntwo holderId')).toEqual([
    { line: 2, found: 'holderId', instead: 'principalId' },
  ])
})

import { expect, test } from 'vitest'
import { mergeEnumLabels } from '../../../server/database/enum-labels.ts'

const creation = `CREATE TYPE "public"."kind" AS ENUM('ONE', 'TWO');`

test('a label that is added to an enum of the same migrations is in its creation, after the others and in order', () => {
  const statements = [
    creation,
    'CREATE TABLE t ()',
    `ALTER TYPE "public"."kind" ADD VALUE 'THREE';`,
    `\nALTER TYPE "public"."kind" ADD VALUE 'FOUR'`,
  ]
  expect(mergeEnumLabels(statements)).toEqual([
    `CREATE TYPE "public"."kind" AS ENUM('ONE', 'TWO', 'THREE', 'FOUR');`,
    'CREATE TABLE t ()',
  ])
})

test.each([
  `ALTER TYPE "public"."other_kind" ADD VALUE 'THREE';`,
  `ALTER TYPE "public"."kind" ADD VALUE 'ZERO' BEFORE 'ONE';`,
])('a statement for a type that was there before, or with a place of its own, stays: %s', (statement) => {
  expect(mergeEnumLabels([creation, statement])).toEqual([creation, statement])
})

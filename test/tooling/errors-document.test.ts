import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { errorCodes, KeyServerError, signatureRefusals } from '../../schema/wire/errors.ts'
import { toGraphQLError } from '../../server/graphql/errors.ts'
import { brokenLinksOf } from '../support/documents.ts'

/* docs/errors has a page for each code of schema/wire/errors.ts, in the order of meaning, when, what to do, example. */

const folder = new URL('../../docs/errors/', import.meta.url)
const files = await readdir(folder)
const pageOf = (code: string) => readFile(new URL(`${code}.md`, folder), 'utf8')

/** The members that an example's `extensions` may have beside the code. */
const details = ['code', 'reason', 'serverTime', 'field', 'quota', 'limit', 'retryAfterSeconds']

test('docs/errors has a page for each code and no other', () => {
  expect(files.sort()).toEqual([...errorCodes.map((code) => `${code}.md`), 'README.md'].sort())
})

test('the index lists each code with its status, in the order of the protocol', async () => {
  const rows = [...(await pageOf('README')).matchAll(/^\| \[`(\w+)`\]\((\w+)\.md\) +\| (\d+) /gm)]
  expect(rows.map(([, code, link, status]) => [code, link, Number(status)])).toEqual(
    errorCodes.map((code) => [code, code, statusOf(code)]),
  )
})

describe.each(errorCodes)('the page of %s', (code) => {
  test('says meaning, when, what the caller does, and shows an example', async () => {
    expect(defectsOf(code, await pageOf(code))).toEqual([])
    expect(await brokenLinksOf(`docs/errors/${code}.md`)).toEqual([])
  })
})

test('the page of UNAUTHENTICATED has every reason', async () => {
  const rows = [...(await pageOf('UNAUTHENTICATED')).matchAll(/^\| `(SIGNATURE_\w+)`/gm)]
  expect(rows.map(([, reason]) => reason)).toEqual([...signatureRefusals])
})

test('a page of another code, without a section, with another status or example is found (negative control)', async () => {
  const page = await pageOf('NOT_FOUND')
  expect(defectsOf('CONFLICT', page)).toContain('title')
  expect(defectsOf('NOT_FOUND', page.replace('## When', '## Whenever'))).toContain('sections')
  expect(defectsOf('NOT_FOUND', page.replace('status: 200', 'status: 404'))).toContain('status')
  expect(defectsOf('NOT_FOUND', page.replace('"code": "NOT_FOUND"', '"code": "GONE"'))).toContain('example')
})

/** The faults of the page of a code. */
function defectsOf(code: (typeof errorCodes)[number], page: string): string[] {
  const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)
  const [, example = '{}'] = /^## Example\n\n```json\n(.*?)\n```$/ms.exec(page) ?? []
  const { errors = [] } = JSON.parse(example) as { errors?: { extensions: Record<string, unknown> }[] }
  const [extensions = {}] = errors.map((error) => error.extensions)
  return [
    ...(page.startsWith(`# ${code}\n\n`) ? [] : ['title']),
    ...(headings.join() === 'When,What the caller does,Example' ? [] : ['sections']),
    ...(page.includes(`\nHTTP status: ${String(statusOf(code))}.\n`) ? [] : ['status']),
    ...(extensions['code'] === code && Object.keys(extensions).every((name) => details.includes(name))
      ? []
      : ['example']),
  ]
}

/** The HTTP status with which the key server answers an error of this code. */
function statusOf(code: (typeof errorCodes)[number]): number {
  const { http } = toGraphQLError(new KeyServerError(code, 'An example.')).extensions
  return (http as { readonly status?: number } | undefined)?.status ?? 200
}

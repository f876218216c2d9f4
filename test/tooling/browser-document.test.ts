import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import * as hooks from '../../client/react.ts'
import { brokenLinksOf } from '../support/documents.ts'

/* docs/browser.md is compared with the code. The type checker reads the example, and test/client/react runs its sibling. */

const root = new URL('../../', import.meta.url)
const page = await readFile(new URL('docs/browser.md', root), 'utf8')

test('docs/browser.md shows examples/react/quick-start.tsx as it is', async () => {
  const [, shown] = /<!-- examples\/react\/quick-start.tsx -->\n\n```tsx\n([^]*?)```/.exec(page) ?? []
  expect(shown).toBe(await readFile(new URL('examples/react/quick-start.tsx', root), 'utf8'))
})

test('docs/browser.md has every hook in its table, and no link of it is broken', async () => {
  const listed = [...page.matchAll(/^\| `(use\w+)\(/gm)].map(([, name]) => name)
  expect(listed.sort()).toEqual(
    Object.keys(hooks)
      .filter((name) => name.startsWith('use'))
      .sort(),
  )
  expect(await brokenLinksOf('docs/browser.md')).toEqual([])
})

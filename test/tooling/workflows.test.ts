import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const files = globSync('.github/workflows/*.yml', { cwd: root })
const workflows = await Promise.all(files.map((file) => readFile(`${root}${file}`, 'utf8')))

/** Uses of actions that another commit could be put under: not by a full commit with its version beside it. */
function movableActions(workflow: string): string[] {
  const uses = [...workflow.matchAll(/uses: *(\S+)(.*)$/gm)]
  return uses
    .filter(
      ([, action = '', rest = '']) => !/@[0-9a-f]{40}$/.test(action) || !/ # v\d+\.\d+\.\d+$/.test(rest),
    )
    .map(([, action = '']) => action)
}

test('every action is pinned by its commit, and says which version that is', () => {
  expect(workflows.join('\n').match(/uses:/g)?.length).toBeGreaterThan(1)
  expect(workflows.flatMap(movableActions)).toEqual([])
})

test('the tests run on each PostgreSQL from the oldest that the server takes on', async () => {
  const requirements = await readFile(`${root}server/database/requirements.ts`, 'utf8')
  const [, oldest = '0'] = /oldestMajor = (\d+)/.exec(requirements) ?? []
  const [, matrix = ''] = /postgres: \[([^\]]*)\]/.exec(workflows.join('\n')) ?? []
  const versions = matrix.split(', ').map(Number)
  expect(versions[0]).toBe(Number(oldest))
  expect(versions).toEqual(versions.map((_, index) => Number(oldest) + index))
  expect(versions).toHaveLength(4)
})

test('a tag, a branch and a commit without its version are found (negative control)', () => {
  const sha = 'a'.repeat(40)
  expect(
    movableActions(
      `- uses: a/tag@v4\n- uses: a/branch@main\n- uses: a/bare@${sha}\n- uses: a/pinned@${sha} # v1.2.3`,
    ),
  ).toEqual(['a/tag@v4', 'a/branch@main', `a/bare@${sha}`])
})

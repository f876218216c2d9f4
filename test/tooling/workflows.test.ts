import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

const root = fileURLToPath(new URL('../../', import.meta.url))
const files = globSync('.github/workflows/*.yml', { cwd: root })
const workflows = await Promise.all(files.map((file) => readFile(`${root}${file}`, 'utf8')))

const permissions = z.record(z.string(), z.string())
const workflow = z.object({
  permissions,
  jobs: z.record(
    z.string(),
    z.object({
      permissions: permissions.optional(),
      steps: z.array(z.object({ run: z.string().optional() })),
    }),
  ),
})

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

test('a release is checked, packed twice to the same bytes, listed in SBOMs, and published with provenance and without a token', async () => {
  const release = workflow.parse(parse(await readFile(`${root}.github/workflows/release.yml`, 'utf8')))
  expect(release.permissions).toEqual({ contents: 'read' })
  const [job, ...others] = Object.values(release.jobs)
  expect(others).toEqual([])
  expect(job?.permissions).toEqual({ contents: 'write', 'id-token': 'write' })
  const commands = job?.steps.map(({ run = '' }) => run).filter((run) => run !== '') ?? []
  const order = ['.ci/run', 'cmp ', 'npm sbom', 'npm publish', 'gh release create']
  const places = order.map((command) => commands.findIndex((run) => run.includes(command)))
  expect(places).toEqual(places.toSorted((a, b) => a - b))
  expect(places).not.toContain(-1)
  expect(commands.join('\n')).toMatch(/npm publish .*--provenance/)
  expect(JSON.stringify(release)).not.toMatch(/NPM_TOKEN|NODE_AUTH_TOKEN/)
})

test('a tag, a branch and a commit without its version are found (negative control)', () => {
  const sha = 'a'.repeat(40)
  expect(
    movableActions(
      `- uses: a/tag@v4\n- uses: a/branch@main\n- uses: a/bare@${sha}\n- uses: a/pinned@${sha} # v1.2.3`,
    ),
  ).toEqual(['a/tag@v4', 'a/branch@main', `a/bare@${sha}`])
})

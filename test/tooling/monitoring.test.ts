import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { createPrometheus } from '../../server/observation/prometheus.ts'
import { metricNamesOf } from '../support/metrics.ts'

/* deploy/prometheus, deploy/grafana and docs/operations.md are compared with the metrics that a key server has. */

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = await readFile(`${root}docs/operations.md`, 'utf8')
const rules = z
  .object({
    groups: z.array(
      z.object({
        rules: z.array(
          z.strictObject({
            alert: z.string(),
            expr: z.string(),
            for: z.string().optional(),
            labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
            annotations: z.strictObject({ summary: z.string() }),
          }),
        ),
      }),
    ),
  })
  .parse(parse(await readFile(`${root}deploy/prometheus/alerts.yml`, 'utf8')))
  .groups.flatMap((group) => group.rules)
const dashboard = z
  .object({
    panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).min(1) })),
    templating: z.object({
      list: z.array(z.object({ name: z.string(), definition: z.string().optional() })),
    }),
  })
  .parse(JSON.parse(await readFile(`${root}deploy/grafana/claviger.json`, 'utf8')))

const names = await metricNames()

async function metricNames(): Promise<string[]> {
  const prometheus = createPrometheus()
  prometheus.observe({
    subscribers: () => 0,
    pools: () => [],
    backlog: () => Promise.resolve({ deadlinesOverdue: 0, webhooksDue: 0 }),
  })
  return metricNamesOf(await prometheus.read())
}

/** The metrics that an expression names and a key server does not have. */
function unknownMetrics(expression: string): string[] {
  const named = expression.match(/\b(?:claviger|process|nodejs)_\w+/g) ?? []
  return named.filter(
    (name) => !names.includes(name) && !names.includes(name.replace(/_(?:bucket|sum|count)$/, '')),
  )
}

test('every metric that an alert rule names is one that a key server has', () => {
  expect(rules.length).toBeGreaterThan(5)
  for (const { expr } of rules) expect(unknownMetrics(expr)).toEqual([])
})

test('every metric that the dashboard names is one that a key server has, and each panel names one', () => {
  expect(dashboard.panels.length).toBeGreaterThan(8)
  const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
  for (const expression of expressions) {
    expect(unknownMetrics(expression)).toEqual([])
    expect(expression).toMatch(/\b(?:claviger|process|nodejs)_/)
  }
  for (const { definition = '' } of dashboard.templating.list) expect(unknownMetrics(definition)).toEqual([])
})

test('every metric of a key server is on the dashboard', () => {
  const shown = JSON.stringify(dashboard)
  const own = names.filter((name) => name.startsWith('claviger_'))
  expect(own.length).toBeGreaterThan(8)
  expect(own.filter((name) => !shown.includes(name))).toEqual([])
})

describe('docs/operations.md', () => {
  test('has every metric of a key server, and no other', () => {
    const rows = [...page.matchAll(/^\| `(claviger_\w+)`/gm)].map(([, name]) => name)
    expect(rows.sort()).toEqual(names.filter((name) => name.startsWith('claviger_')).sort())
  })

  test('says for every alert rule what it means and what to do, and for no other', () => {
    const rows = [...page.matchAll(/^\| `(Claviger\w+)` *\| ([^|]+)\| ([^|]+)\|$/gm)]
    expect(rows.map(([, name]) => name).sort()).toEqual(rules.map(({ alert }) => alert).sort())
    for (const [, , means = '', action = ''] of rows) {
      expect(means.trim().length).toBeGreaterThan(20)
      expect(action.trim().length).toBeGreaterThan(30)
    }
  })
})

test('a metric that there is not is found (negative control)', () => {
  expect(unknownMetrics('rate(claviger_coffees_total[5m]) > claviger_subscribers')).toEqual([
    'claviger_coffees_total',
  ])
  expect(unknownMetrics('claviger_alert_delay_seconds_bucket')).toEqual([])
})

/** @returns what it printed, also when it found faults */
async function promtool(args: readonly string[], skip: (reason: string) => never): Promise<string> {
  const cwd = `${root}deploy/prometheus`
  const run = promisify(execFile)('promtool', args, { cwd })
  const { stdout } = await run.catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error)) throw error
    if (error.code === 'ENOENT') return skip('promtool is not installed (Debian: prometheus)')
    return { stdout: error.message }
  })
  return stdout
}

test('promtool accepts the rules and the configuration', async ({ skip }) => {
  const output = await promtool(['check', 'config', 'prometheus.yml'], skip)
  expect(output).toContain(`${String(rules.length)} rules found`)
})

test('a single fault raises the alert, also when it is the first of its operation, and for ten minutes', async ({
  skip,
}) => {
  const labels = { instance: 'keys', operation: 'account' }
  const raised = {
    exp_labels: { ...labels, severity: 'page' },
    exp_annotations: { summary: 'Requests of account fail at keys.' },
  }
  const expecting = (minutes: number, isRaised: boolean) => ({
    eval_time: `${String(minutes)}m`,
    alertname: 'ClavigerFaults',
    exp_alerts: isRaised ? [raised] : [],
  })
  const directory = await mkdtemp(join(tmpdir(), 'claviger-rules-'))
  try {
    const outcomeOf = async (...expected: readonly object[]) => {
      const file = join(directory, 'test.json')
      const series = `claviger_requests_total{job="claviger",instance="keys",operation="account",code="INTERNAL_SERVER_ERROR"}`
      const content = {
        rule_files: [`${root}deploy/prometheus/alerts.yml`],
        evaluation_interval: '1m',
        tests: [
          {
            interval: '1m',
            // The first one after 10 minutes, and another one an hour later.
            input_series: [{ series, values: `${'_ '.repeat(10)}1x59 2x60` }],
            alert_rule_test: expected,
          },
        ],
      }
      await writeFile(file, JSON.stringify(content))
      return promtool(['test', 'rules', file], skip)
    }
    const moments = [expecting(9, false), expecting(12, true), expecting(40, false), expecting(75, true)]
    expect(await outcomeOf(...moments, expecting(100, false))).toContain('SUCCESS')
    // Control.
    expect(await outcomeOf(expecting(40, true))).toContain('FAILED')
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

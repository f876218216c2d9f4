import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import type postgres from 'postgres'
import { z } from 'zod'
import { percentile } from './figures.ts'
import { generatorName } from './generator.ts'

/** One server in one measured time. Times are of one unit of the operation; NaN is unknown. */
export interface Measured {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly serverMicroseconds: number
  readonly databaseMicroseconds: number
  readonly memoryMB: number
}

/** The medians of all rounds as a table of Markdown, whose last column is the rate as a multiple of stock Yoga's. */
export function tableOf(
  {
    name,
    connections,
    units,
  }: { readonly name: string; readonly connections: number; readonly units: number },
  measured: ReadonlyMap<string, readonly Measured[]>,
): string {
  const medianOf = (of: string, figure: keyof Measured) =>
    percentile(
      (measured.get(of) ?? []).map((one) => one[figure]),
      0.5,
    )
  const stock = medianOf('stock', 'perSecond')
  const rows = [...measured.keys()].map((contestant) => {
    const show = (figure: keyof Measured, digits: number) => {
      const value = medianOf(contestant, figure)
      return Number.isNaN(value) ? '' : value.toFixed(digits)
    }
    return [
      contestant,
      show('perSecond', 0),
      show('p50Ms', 2),
      show('p99Ms', 2),
      show('serverMicroseconds', units > 1 ? 1 : 0),
      show('databaseMicroseconds', units > 1 ? 1 : 0),
      show('memoryMB', 0),
      (medianOf(contestant, 'perSecond') / stock).toFixed(2),
    ]
  })
  const head = [
    `${name}, ${connections} connections`,
    units > 1 ? 'keys/s' : 'requests/s',
    'p50 ms',
    'p99 ms',
    'server µs',
    'database µs',
    'MB',
    '÷ stock',
  ]
  return toMarkdown([head, ...rows])
}

function toMarkdown(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_cell, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
  const line = (row: readonly string[]) => `| ${row.map(pad).join(' | ')} |`
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), rule, ...body.map(line)].join('\n')
}

/** Day, machine and versions. */
export async function describeRun(sql: postgres.Sql): Promise<string> {
  const [row] = await sql<{ server_version: string }[]>`SHOW server_version`
  const [cpu] = cpus()
  const versions = await Promise.all(['graphql-yoga', 'mercurius', 'postgres'].map(versionOf))
  return [
    `${new Date().toISOString().slice(0, 10)}: ${availableParallelism()} × ${cpu?.model ?? 'unknown processor'} for servers, database and`,
    `load together; Node ${process.versions.node}, PostgreSQL ${row?.server_version ?? ''}, load by ${generatorName};`,
    `${versions.join(', ')}.`,
  ].join('\n')
}

const packageShape = z.object({ version: z.string() })

async function versionOf(name: string): Promise<string> {
  const root = new URL('../../', import.meta.url)
  const file = ['bench/', '']
    .map((at) => new URL(`${at}node_modules/${name}/package.json`, root))
    .find((url) => existsSync(url))
  if (file === undefined) return name
  return `${name} ${packageShape.parse(JSON.parse(await readFile(file, 'utf8'))).version}`
}

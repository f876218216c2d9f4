/** `claviger doctor`: the operator's command that checks a configuration and a running server, from both ends. */
import { parseArgs } from 'node:util'
import { findConfigWarnings, InvalidConfig, readServerConfig, type Config } from '../config.ts'
import { checkDatabase } from './check-database.ts'
import { checkMail } from './check-mail.ts'
import { checkOrigin } from './check-origin.ts'
import type { Check } from './check.ts'
import { runOperatorCommand, type OperatorResult } from './run-command.ts'

const usage = `Usage: claviger doctor
       claviger doctor ORIGIN

Checks what "claviger serve" with the same environment variables needs: its settings,
the database, notifications through it, clocks, and the mail server, which is sent
nothing. Then, as a client does, each origin of PUBLIC_URL: its name, certificate and
clock, and requests, WebSocket and event streams through whatever lies between. With
ORIGIN only that, from any machine.

Ends with 0 when nothing failed, 1 when something did, and 2 for wrong usage.
`

await runOperatorCommand<Command>({
  usage,
  parse: parseCommand,
  run: async ({ origin }) => report(origin === null ? await checkAll() : await checkOrigin(origin)),
})

interface Command {
  /** Null: the settings, the database, and the origins of PUBLIC_URL. */
  readonly origin: string | null
}

/** Null when the arguments are not a known command. */
function parseCommand(args: string[]): Command | 'help' | null {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: 'boolean' } },
  })
  const [origin = null, ...others] = positionals
  if (values.help === true) return 'help'
  if (others.length > 0) return null
  return origin === null || /^https?:$/.test(protocolOf(origin)) ? { origin } : null
}

function protocolOf(text: string): string {
  return URL.canParse(text) ? new URL(text).protocol : ''
}

async function checkAll(): Promise<Check[]> {
  const settings = readSettings()
  const config = Array.isArray(settings) ? undefined : settings
  const warnings = findConfigWarnings(undefined, config).map((detail): Check => ({
    name: 'settings',
    status: 'warning',
    detail: `${detail}.`,
  }))
  if (Array.isArray(settings)) return [...settings, ...warnings]
  const origins: Check[] = []
  for (const origin of settings.publicOrigins ?? []) origins.push(...(await checkOrigin(origin)))
  if (settings.publicOrigins === null) {
    origins.push({
      name: 'origins',
      status: 'warning',
      detail: 'PUBLIC_URL is not set, so clients of this machine alone are served, and none was tried.',
    })
  }
  const valid: Check = { name: 'settings', status: 'ok', detail: 'The settings are valid.' }
  return [valid, ...warnings, ...(await checkDatabase(settings)), ...(await checkMail(settings)), ...origins]
}

/** The configuration, or what is wrong with it. */
function readSettings(): Config | Check[] {
  try {
    return readServerConfig()
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error
    return error.problems.map((detail) => ({ name: 'settings', status: 'failed', detail }))
  }
}

function report(checks: readonly Check[]): OperatorResult {
  const failed = checks.filter(({ status }) => status === 'failed').length
  if (failed > 0) process.exitCode = 1
  const marks = { ok: 'ok     ', warning: 'warning', failed: 'FAILED ' } as const
  return {
    value: { healthy: failed === 0, checks },
    lines: [
      ...checks.map(({ name, status, detail }) => `${marks[status]}  ${name}: ${detail}`),
      failed === 0 ? 'Nothing failed.' : `${String(failed)} of ${String(checks.length)} checks failed.`,
    ],
  }
}

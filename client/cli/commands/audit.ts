import { Option, type Command } from 'commander'
import { resolve } from 'node:path'
import {
  auditActions,
  type AuditAction,
  type AuditEntry,
  type AuditHead,
  type AuditReport,
  type Vault,
} from '../../index.ts'
import { writePrivateFile } from '../../node/private-file.ts'
import { csvHeader, csvLine, jsonLine, problemLine, summaryLine } from '../audit-text.ts'
import type { Context } from '../context.ts'
import { CliError, systemCodeOf } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { rows } from '../key-text.ts'
import { listParserOf, parseCount, parsePastInstant } from '../options.ts'
import { readTextFile } from '../text-file.ts'

/** How many entries are listed when no number is given. */
const newestDefault = 20

/** `claviger audit …`: what was done with the account, and whether the record of it is whole. */
export function addAuditCommands(program: Command, context: Context): void {
  const audit = program
    .command('audit')
    .description('what was done with the account and its keys, and whether that record is whole')
  addListCommand(audit, context)
  addExportCommand(audit, context)
  addHeadCommand(audit, context)
  addVerifyCommand(audit, context)
}

interface ListFlags {
  readonly actions?: readonly AuditAction[]
  readonly key?: string
  readonly device?: string
  readonly refused?: boolean
  readonly since?: Date
  readonly until?: Date
  readonly limit?: number
}

function addListCommand(audit: Command, context: Context): void {
  audit
    .command('list')
    .description('show what was done and refused, newest first, one entry per line')
    .option('--actions <actions>', `only these: ${auditActions.join(', ')}`, listParserOf(auditActions))
    .option('--key <id>', 'only what was done with this transaction key')
    .option('--device <id>', 'only what this management key signed')
    .option('--refused', 'only what was refused')
    .option('--since <time>', 'only from this time on: 2027-01-01T00:00:00Z, or 30d ago', past)
    .option('--until <time>', 'only before this time', past)
    .option('--limit <n>', `how many at most (default: ${newestDefault})`, parseCount)
    .addHelpText('after', '\nWith --json every entry is one line of JSON.')
    .action(async ({ key, device, refused, limit = newestDefault, ...filter }: ListFlags) => {
      const vault = await context.openVault()
      const entries = vault.auditLog({
        ...filter,
        transactionKeyId: key,
        managementKeyId: device,
        granted: refused === true ? false : undefined,
      })
      let count = 0
      for await (const entry of entries) {
        context.output.item(entry, summaryLine(entry))
        count += 1
        if (count >= limit) return
      }
    })
}

/** commander passes a second argument, which is not for the parser. */
const past = (text: string) => parsePastInstant(text)

const formats = ['jsonl', 'csv'] as const

interface ExportFlags {
  readonly format: (typeof formats)[number]
}

function addExportCommand(audit: Command, context: Context): void {
  audit
    .command('export')
    .description('print the whole log, oldest first, with the members that are hashed and their hashes')
    .addOption(
      new Option('--format <format>', 'JSON lines, or CSV (RFC 4180)').choices(formats).default('jsonl'),
    )
    .action(async ({ format }: ExportFlags) => {
      const vault = await context.openVault()
      const entries = await oldestFirst(vault)
      if (format === 'csv') process.stdout.write(`${csvHeader}\r\n`)
      for (const entry of entries) {
        process.stdout.write(format === 'csv' ? `${csvLine(entry)}\r\n` : `${jsonLine(entry)}\n`)
      }
    })
}

/** The key server gives the newest first. */
async function oldestFirst(vault: Vault): Promise<AuditEntry[]> {
  return (await vault.auditLog().toArray()).reverse()
}

function addHeadCommand(audit: Command, context: Context): void {
  audit
    .command('head')
    .description('show how far the log has come, signed by the key server; keep its JSON for verify')
    .action(async () => {
      const vault = await context.openVault()
      const head = await vault.auditHead()
      context.output.result(head, headLines(head))
    })
}

function headLines(head: AuditHead): string[] {
  return rows([
    ['Entries', String(head.sequence)],
    ['Hash', head.hash],
    [
      'Removed',
      head.prunedSequence === 0 ? null : `up to ${head.prunedSequence}, when their retention ended`,
    ],
    ['Signed', head.signedAt.toISOString()],
    ['Statement', head.statement],
  ])
}

function addVerifyCommand(audit: Command, context: Context): void {
  audit
    .command('verify')
    .description(
      'check that nothing in the log was removed, changed, added or moved; exit code 0 when it holds',
    )
    .option(
      '--head <file>',
      'compare with the head in this file, and keep the newer one there; it is made when it is not there',
    )
    .addHelpText(
      'after',
      `
Whoever runs the key server can compute a whole log anew. A head that you keep elsewhere shows it: keep the file of --head on
a machine of your own, or in a backup.

Examples:
  $ claviger audit verify --head audit-head.json
  $ claviger audit verify --json`,
    )
    .action(async ({ head: file }: { readonly head?: string }) => {
      const vault = await context.openVault()
      const path = file === undefined ? null : resolve(file)
      const kept = path === null ? undefined : await readHead(path)
      const report = await vault.verifyAuditLog({ head: kept })
      if (!report.holds) context.exitCode = exitCodes.no
      else if (path !== null && report.head !== null) await writeHead(path, report)
      context.output.result(report, [
        report.holds
          ? `The log holds: ${report.entryCount} ${report.entryCount === 1 ? 'entry' : 'entries'}, from ${report.oldestSequence ?? 0} to ${report.head?.sequence ?? 0}.`
          : 'The log does not hold.',
        ...(report.holds && report.head !== null && report.head.prunedSequence > 0
          ? [`Up to ${report.head.prunedSequence}, entries were removed when their retention ended.`]
          : []),
        ...report.problems.map(problemLine),
      ])
    })
}

/** A head that was kept: as JSON, or its statement alone. Undefined when there is no such file yet. */
async function readHead(path: string): Promise<unknown> {
  let text: string
  try {
    text = (await readTextFile(path)).trim()
  } catch (error) {
    if (error instanceof CliError && error.message.includes('ENOENT')) return undefined
    throw error
  }
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

async function writeHead(path: string, { head, recentEntries }: AuditReport): Promise<void> {
  try {
    await writePrivateFile(path, {
      text: `${JSON.stringify({ ...head, recentEntries }, null, 2)}\n`,
      isReplacing: true,
    })
  } catch (error) {
    const code = systemCodeOf(error)
    if (code === null) throw error
    throw new CliError('FILE_UNWRITABLE', `The file ${path} cannot be written (${code}).`)
  }
}

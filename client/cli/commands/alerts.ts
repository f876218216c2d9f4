import type { Command } from 'commander'
import type { Alert, ConnectionChange, Vault } from '../../index.ts'
import { fileCursorStore } from '../../node/index.ts'
import { alertLine, connectionLine } from '../alert-text.ts'
import type { Context } from '../context.ts'
import { listParserOf, parseCount } from '../options.ts'
import { alertKinds, type AlertKind } from '../../../schema/wire/enums.ts'

interface AlertsFlags {
  readonly follow?: boolean
  readonly after?: string
  readonly kinds?: readonly AlertKind[]
  readonly limit?: number
}

/** How many alerts are shown when neither a number nor a cursor is given. */
const newestDefault = 20

/** The most that the key server gives at once. */
const pageSize = 100

/** `claviger alerts`: what the owner must know. */
export function addAlertsCommand(program: Command, context: Context): void {
  const alerts = program
    .command('alerts')
    .description('show alerts, oldest first; --follow waits for those to come')
    .option('--follow', 'go on with the alerts to come, until Ctrl-C')
    .option('--after <cursor>', 'only alerts after this one; the cursor stands at the end of its line')
    .option('--kinds <kinds>', `only these: ${alertKinds.join(', ')}`, listParserOf(alertKinds))
    .option(
      '--limit <n>',
      `how many at most; without --after or --follow the newest ${newestDefault}`,
      parseCount,
    )
    .addHelpText(
      'after',
      `
With --json every alert is one line of JSON. --follow goes on where the last --follow stopped, at its first time with
what is to come. With --kinds it keeps no place.

Examples:
  $ claviger alerts --limit 5
  $ claviger alerts --follow --kinds KEY_OVERUSED,KEY_REVOKED --json
  $ claviger alerts ack CURSOR`,
    )
    .action(async (flags: AlertsFlags) => {
      const vault = await context.openVault()
      const chosen = flags.follow === true ? followed(vault, flags, context) : past(vault, flags)
      for await (const alert of chosen) context.output.item(alert, alertLine(alert))
    })

  alerts
    .command('ack')
    .argument('<cursor>', 'the cursor of the newest alert that you have dealt with')
    .description('mark the alerts up to and including this one as read')
    .action(async (cursor: string) => {
      const vault = await context.openVault()
      const acknowledged = await vault.acknowledgeAlerts(cursor)
      context.output.result({ acknowledged }, [`${acknowledged} alert(s) marked as read.`])
    })
}

/**
 * The alerts to come, after those since the last time: its place is kept beside the keystore. Ends after `limit`, and at
 * Ctrl-C. A choice of kinds has no place of its own, and does not move the place of all.
 */
async function* followed(
  vault: Vault,
  { after, kinds, limit = Infinity }: AlertsFlags,
  { keystorePath, output, untilInterrupted }: Context,
): AsyncGenerator<Alert, void, undefined> {
  // The stream waits for a key server that is away. At the start that would look as if there were no alerts.
  await vault.alertHistory({ last: 1 })
  const signal = untilInterrupted()
  const place = kinds === undefined ? fileCursorStore({ path: `${keystorePath}.alerts` }) : undefined
  output.note('Waiting for alerts. Ctrl-C ends it.')
  let count = 0
  const onConnectionChange = (change: ConnectionChange) => {
    const line = connectionLine(change)
    if (line !== null) output.note(line)
  }
  for await (const alert of vault.alerts({ after, kinds, signal, cursorStore: place, onConnectionChange })) {
    yield alert
    count += 1
    if (count < limit) continue
    await place?.save(alert.cursor)
    return
  }
}

async function* past(
  vault: Vault,
  { after, kinds, limit }: AlertsFlags,
): AsyncGenerator<Alert, void, undefined> {
  const isChosen = ({ kind }: Alert) => kinds === undefined || kinds.some((chosen) => chosen === kind)
  if (after === undefined) {
    yield* await newest(vault, { isChosen, limit: limit ?? newestDefault })
  } else {
    yield* since(vault, { after, isChosen, limit: limit ?? Infinity })
  }
}

interface Choice {
  readonly isChosen: (alert: Alert) => boolean
  readonly limit: number
}

/** Reads back from the newest alert until there are enough. */
async function newest(vault: Vault, { isChosen, limit }: Choice): Promise<Alert[]> {
  let chosen: Alert[] = []
  let before: string | undefined
  do {
    const page = await vault.alertHistory({ last: pageSize, before })
    chosen = [...page.alerts.filter(isChosen), ...chosen]
    before = page.hasPreviousPage ? (page.startCursor ?? undefined) : undefined
  } while (before !== undefined && chosen.length < limit)
  return chosen.slice(-limit)
}

async function* since(
  vault: Vault,
  { after, isChosen, limit }: Choice & { readonly after: string },
): AsyncGenerator<Alert, void, undefined> {
  let count = 0
  let next: string | undefined = after
  while (next !== undefined) {
    const page = await vault.alertHistory({ first: pageSize, after: next })
    for (const alert of page.alerts.filter(isChosen)) {
      yield alert
      count += 1
      if (count >= limit) return
    }
    next = page.hasNextPage ? (page.endCursor ?? undefined) : undefined
  }
}

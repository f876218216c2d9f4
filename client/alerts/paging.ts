import { limits } from '../../schema/wire/limits.ts'
import type { AlertKind } from '../../schema/wire/enums.ts'
import { unlessAborted, wait } from '../transport/wait.ts'
import type { Session } from '../trust/session.ts'
import type { Alert } from './alert.ts'
import { newestAlertCursor, readAlerts } from './history.ts'

interface PagingArguments {
  /** Null: from the oldest alert that is kept. */
  readonly after: string | null
  readonly kinds: readonly AlertKind[] | undefined
  readonly signal: AbortSignal
}

/** How long after a page that had nothing new the next one is asked for. */
const pauseMs = 5_000

/** Then the stream connects anew, and tries whether a better transport works by now. */
const lastsMs = 5 * 60_000

/**
 * The alerts after a cursor, by asking for them again and again. Ends after five minutes.
 *
 * @throws as {@link readAlerts}
 */
export async function* alertsByPaging(
  session: Session,
  { after, signal, onConnected, ...asked }: PagingArguments & { readonly onConnected: () => void },
): AsyncGenerator<Alert, void, undefined> {
  const until = performance.now() + lastsMs
  let cursor = after ?? (await unlessAborted(newestAlertCursor(session), signal))
  let isConnected = false
  while (!signal.aborted && performance.now() < until) {
    for await (const page of pagesAfter(session, { ...asked, after: cursor, signal })) {
      if (!isConnected) onConnected()
      isConnected = true
      yield* page.alerts
      cursor = page.endCursor ?? cursor
    }
    await wait(pauseMs * (0.5 + Math.random()), signal)
  }
}

/** All alerts that are kept, oldest first, to the newest one. @throws as {@link readAlerts} */
export async function* alertsOfHistory(
  session: Session,
  asked: Omit<PagingArguments, 'after'>,
): AsyncGenerator<Alert, void, undefined> {
  for await (const { alerts } of pagesAfter(session, { ...asked, after: null })) yield* alerts
}

interface Page {
  readonly alerts: readonly Alert[]
  readonly endCursor: string | null
}

async function* pagesAfter(
  session: Session,
  { after, kinds, signal }: PagingArguments,
): AsyncGenerator<Page, void, undefined> {
  let next = after
  while (!signal.aborted) {
    const read = readAlerts(session, { first: limits.batchMax, after: next ?? undefined })
    const page = await unlessAborted(read, signal)
    if (page === null) return
    const isChosen = ({ kind }: Alert) => kinds === undefined || kinds.some((chosen) => chosen === kind)
    yield { alerts: page.alerts.filter(isChosen), endCursor: page.endCursor }
    // A server that answers the same cursor again would be read for ever.
    if (!page.hasNextPage || page.endCursor === null || page.endCursor === next) return
    next = page.endCursor
  }
}

import type { AlertKind } from '../../schema/graphql/domain.ts'
import type { Session } from '../session.ts'
import type { Alert } from './alert.ts'

export interface AlertStreamOptions {
  /** The cursor to resume after: of the last alert that was dealt with. Default: only alerts from now on. */
  readonly after?: string | undefined
  /** Default: all. */
  readonly kinds?: readonly AlertKind[] | undefined
  /** Ends the stream. */
  readonly signal?: AbortSignal | undefined
}

export function streamAlerts(
  session: Session,
  options: AlertStreamOptions = {},
): AsyncIterableIterator<Alert, void, undefined> {
  throw new TypeError(session.url + String(options.after))
}

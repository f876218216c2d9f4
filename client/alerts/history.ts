import type { Session } from '../trust/session.ts'
import type { Operation } from '../transport/graphql.ts'
import { alertFields, parseAlert, type Alert } from './alert.ts'

/** Which page: `first` (and `after`) from the oldest end, or `last` (and `before`) from the newest; at most 100. */
export interface AlertPageOptions {
  readonly first?: number | undefined
  readonly after?: string | undefined
  readonly last?: number | undefined
  readonly before?: string | undefined
  /** Default: false. */
  readonly unacknowledgedOnly?: boolean | undefined
}

/** A page of alerts, oldest first. The cursors are those of the alert stream. */
export interface AlertPage {
  readonly alerts: readonly Alert[]
  readonly startCursor: string | null
  readonly endCursor: string | null
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  /** Counts all the account's alerts. */
  readonly unacknowledgedCount: number
}

export function readAlerts(session: Session, options: AlertPageOptions = {}): Promise<AlertPage> {
  return session.keyServer.run(alerts, { ...options })
}

export function acknowledgeAlerts(session: Session, upTo: string): Promise<number> {
  return session.keyServer.run(acknowledge, { upTo })
}

/** The cursor of the account's newest alert; null when there is none. */
export function newestAlertCursor(session: Session): Promise<string | null> {
  return session.keyServer.run(newestCursor)
}

const alerts: Operation<AlertPage> = {
  kind: 'query',
  document: /* GraphQL */ `
    query Alerts($first: Int, $after: String, $last: Int, $before: String, $unacknowledgedOnly: Boolean) {
      account {
        alerts(first: $first, after: $after, last: $last, before: $before, unacknowledgedOnly: $unacknowledgedOnly) {
          edges { node { ${alertFields} } }
          pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
          unacknowledgedCount
        }
      }
    }
  `,
  parse: (data) => {
    const connection = data.object('account').object('alerts')
    const pageInfo = connection.object('pageInfo')
    return {
      alerts: connection.list('edges').map((edge) => parseAlert(edge.object('node'))),
      startCursor: pageInfo.textOrNull('startCursor'),
      endCursor: pageInfo.textOrNull('endCursor'),
      hasNextPage: pageInfo.boolean('hasNextPage'),
      hasPreviousPage: pageInfo.boolean('hasPreviousPage'),
      unacknowledgedCount: connection.integer('unacknowledgedCount'),
    }
  },
}

const newestCursor: Operation<string | null> = {
  kind: 'query',
  document: 'query NewestAlert { account { alerts(last: 1) { pageInfo { endCursor } } } }',
  parse: (data) => data.object('account').object('alerts').object('pageInfo').textOrNull('endCursor'),
}

const acknowledge: Operation<number> = {
  kind: 'mutation',
  document: 'mutation AcknowledgeAlerts($upTo: String!) { acknowledgeAlerts(upTo: $upTo) }',
  parse: (data) => data.integer('acknowledgeAlerts'),
}

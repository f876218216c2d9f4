import type { Session } from '../trust/session.ts'
import { itemsOfConnection } from '../transport/subscription.ts'
import { alertFields, parseAlert, type Alert } from './alert.ts'
import type { AlertKind } from '../../schema/wire/enums.ts'

export interface ConnectionArguments {
  /** Null: only alerts from now on. */
  readonly after: string | null
  readonly kinds: readonly AlertKind[] | undefined
  readonly signal: AbortSignal
}

/** The alerts after a cursor, over one WebSocket. It ends and throws as {@link itemsOfConnection} does. */
export function alertsOfConnection(
  { url, signer, options }: Session,
  { after, kinds, signal }: ConnectionArguments,
): AsyncGenerator<Alert, void, undefined> {
  return itemsOfConnection(
    { url, signer, webSocketImpl: options.webSocketImpl },
    {
      document,
      variables: { after, kinds },
      parse: (data) => parseAlert(data.object('alerts')),
      signal,
    },
  )
}

const document = /* GraphQL */ `
  subscription Alerts($after: String, $kinds: [AlertKind!]) {
    alerts(after: $after, kinds: $kinds) { ${alertFields} }
  }
`

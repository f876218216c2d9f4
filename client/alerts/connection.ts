import type { Session } from '../trust/session.ts'
import { itemsOfConnection } from '../transport/subscription.ts'
import type { StreamTransport } from '../transport/transports.ts'
import { alertFields, parseAlert, type Alert } from './alert.ts'
import { alertsByPaging } from './paging.ts'
import type { AlertKind } from '../../schema/wire/enums.ts'

export interface ConnectionArguments {
  /** Null: only alerts from now on. */
  readonly after: string | null
  readonly kinds: readonly AlertKind[] | undefined
  readonly signal: AbortSignal
  readonly transport: StreamTransport
  /** The key server has accepted the connection, or answered the first page. Called once. */
  readonly onConnected: () => void
}

/** The alerts after a cursor, over one connection. It ends and throws as {@link itemsOfConnection} does. */
export function alertsOfConnection(
  session: Session,
  { transport, ...asked }: ConnectionArguments,
): AsyncGenerator<Alert, void, undefined> {
  if (transport === 'paging') return alertsByPaging(session, asked)
  const { url, signer, options } = session
  const { after, kinds, ...rest } = asked
  return itemsOfConnection(
    { url, signer, webSocketImpl: options.webSocketImpl, fetch: options.fetch },
    {
      ...rest,
      document,
      variables: { after, kinds },
      parse: (data) => parseAlert(data.object('alerts')),
      transport,
    },
  )
}

const document = /* GraphQL */ `
  subscription Alerts($after: String, $kinds: [AlertKind!]) {
    alerts(after: $after, kinds: $kinds) { ${alertFields} }
  }
`

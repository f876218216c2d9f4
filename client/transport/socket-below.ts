/** The members of Node's `net.Socket` that are used here. */
interface NetSocket {
  readonly localPort: number
  destroy(): void
}

interface DiagnosticsChannels {
  subscribe(name: string, listener: (message: unknown) => void): void
  unsubscribe(name: string, listener: (message: unknown) => void): void
}

/**
 * Finds the connection below one of Node's own WebSockets, which has just been made. Node waits for ever for the answer to a
 * Close, and keeps the process meanwhile; a browser gives up by itself. Node tells of its connections by diagnostics channels.
 *
 * @returns a function that destroys the connection, where there is one that was found.
 */
export function findSocketBelow(webSocket: object): () => void {
  const channels = diagnosticsChannels()
  if (channels === null) return () => undefined
  const candidates: NetSocket[] = []
  let found: NetSocket | undefined
  const onSent = (message: unknown) => {
    const { request, socket } = membersOf(message)
    if (membersOf(request)['upgrade'] === 'websocket' && isNetSocket(socket)) candidates.push(socket)
  }
  const onOpen = (message: unknown) => {
    const { websocket, address } = membersOf(message)
    if (websocket !== webSocket) return
    found = candidates.find(({ localPort }) => localPort === membersOf(address)['port'])
    forget()
  }
  const forget = () => {
    channels.unsubscribe('undici:client:sendHeaders', onSent)
    channels.unsubscribe('undici:websocket:open', onOpen)
  }
  channels.subscribe('undici:client:sendHeaders', onSent)
  channels.subscribe('undici:websocket:open', onOpen)
  return () => {
    forget()
    found?.destroy()
  }
}

/** Null in browsers, and in a Node that does not lend its modules. */
function diagnosticsChannels(): DiagnosticsChannels | null {
  const process: unknown = Reflect.get(globalThis, 'process')
  if (!lendsModules(process)) return null
  const channels = process.getBuiltinModule('node:diagnostics_channel')
  return isDiagnosticsChannels(channels) ? channels : null
}

function lendsModules(value: unknown): value is { getBuiltinModule(name: string): unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'getBuiltinModule' in value &&
    typeof value.getBuiltinModule === 'function'
  )
}

function isDiagnosticsChannels(value: unknown): value is DiagnosticsChannels {
  return typeof value === 'object' && value !== null && 'subscribe' in value && 'unsubscribe' in value
}

function isNetSocket(value: unknown): value is NetSocket {
  return typeof value === 'object' && value !== null && 'destroy' in value && 'localPort' in value
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return {}
  const members: Record<string, unknown> = {}
  for (const name of ['request', 'socket', 'websocket', 'address', 'upgrade', 'port']) {
    members[name] = Reflect.get(value, name)
  }
  return members
}

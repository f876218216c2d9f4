import { once } from 'node:events'
import {
  createServer,
  request as openRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { connect, type Socket } from 'node:net'

/** The ways of a proxy between a client and a key server with what it does not know. */
export interface HttpProxyManners {
  /** `refuse`: passes no Upgrade and answers 400. `ignore`: holds the connection and never answers. */
  readonly upgrade: 'pass' | 'refuse' | 'ignore'
  /** Holds answers back until they are whole, as nginx does without `X-Accel-Buffering: no`. */
  readonly isBuffering?: boolean
  /** Speaks HTTP/1.0 to the key server, as nginx does unless told otherwise. */
  readonly isHttp10?: boolean
}

export interface HttpProxy {
  readonly url: string
  /** The port of the key server, once that is known. */
  target: number
  /** How many connections are open to the proxy. */
  openConnections(): number
  /** The request lines that it received: `POST /graphql` or `UPGRADE /graphql`. */
  readonly received: readonly string[]
  stop(): Promise<void>
}

export async function startHttpProxy(manners: HttpProxyManners): Promise<HttpProxy> {
  const sockets = new Set<Socket>()
  const received: string[] = []
  const server: Server = createServer((inner, outer) => {
    received.push(`${inner.method ?? ''} ${inner.url ?? ''}`)
    if (manners.isHttp10 === true) {
      relayByHttp10(inner, outer.socket, proxy.target)
      return
    }
    const forwarded = openRequest(
      {
        host: '127.0.0.1',
        port: proxy.target,
        method: inner.method,
        path: inner.url,
        headers: inner.headers,
      },
      (answer) => {
        const isHeldBack = manners.isBuffering === true && answer.headers['x-accel-buffering'] !== 'no'
        void answerWith(answer, { outer, isHeldBack })
      },
    )
    forwarded.on('error', () => outer.destroy())
    outer.on('close', () => forwarded.destroy())
    inner.pipe(forwarded)
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (inner: IncomingMessage, socket: Socket) => {
    received.push(`UPGRADE ${inner.url ?? ''}`)
    if (manners.upgrade === 'ignore') return
    if (manners.upgrade === 'refuse') {
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      return
    }
    const far = connect({ host: '127.0.0.1', port: proxy.target })
    far.on('error', () => socket.destroy())
    socket.on('close', () => far.destroy())
    far.on('close', () => socket.destroy())
    far.write(headOf(inner, '1.1'))
    socket.pipe(far).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const proxy: HttpProxy = {
    url: `http://127.0.0.1:${String(port)}`,
    target: 0,
    received,
    openConnections: () => sockets.size,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}

async function answerWith(
  answer: IncomingMessage,
  { outer, isHeldBack }: { readonly outer: ServerResponse; readonly isHeldBack: boolean },
): Promise<void> {
  answer.on('error', () => outer.destroy())
  if (!isHeldBack) {
    outer.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders()
    answer.pipe(outer)
    return
  }
  const chunks: Buffer[] = []
  answer.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(answer, 'end')
  outer.writeHead(answer.statusCode ?? 502, answer.headers).end(Buffer.concat(chunks))
}

/** The answer's bytes go to the client as they come: an HTTP/1.0 answer ends with its connection. */
function relayByHttp10(inner: IncomingMessage, near: Socket | null, port: number): void {
  const far = connect({ host: '127.0.0.1', port })
  far.on('error', () => near?.destroy())
  near?.on('close', () => far.destroy())
  far.on('close', () => near?.destroy())
  far.write(headOf(inner, '1.0'))
  inner.pipe(far, { end: false })
  if (near !== null) far.pipe(near)
}

function headOf({ method = 'GET', url = '/', rawHeaders }: IncomingMessage, version: '1.0' | '1.1'): string {
  const lines = [`${method} ${url} HTTP/${version}`]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (version === '1.0' && name.toLowerCase() === 'connection') continue
    lines.push(`${name}: ${rawHeaders[index + 1] ?? ''}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

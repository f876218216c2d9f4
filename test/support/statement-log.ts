import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A proxy before a database that notes the text of each statement which is sent through it. */
export interface StatementLog {
  /** The URL of the database, through the proxy. */
  readonly url: string
  readonly statements: ReadonlySet<string>
  close(): Promise<void>
}

/** Reads the messages of PostgreSQL's protocol, version 3 (its documentation, "Message Formats"). */
export async function startStatementLog(databaseUrl: string): Promise<StatementLog> {
  const target = new URL(databaseUrl)
  const statements = new Set<string>()
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ host: target.hostname, port: Number(target.port || 5432) })
    const read = createReader((statement) => statements.add(statement))
    near.on('data', read)
    near.pipe(far).pipe(near)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    statements,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}

/** The first message has no type; after it each has one byte of it, and its length. */
function createReader(onStatement: (text: string) => void): (chunk: Buffer) => void {
  let waiting = Buffer.alloc(0)
  let isStarted = false
  return (chunk) => {
    waiting = Buffer.concat([waiting, chunk])
    for (;;) {
      const head = isStarted ? 1 : 0
      if (waiting.length < head + 4) return
      const end = head + waiting.readInt32BE(head)
      if (waiting.length < end) return
      const type = isStarted ? waiting.toString('latin1', 0, 1) : ''
      const body = waiting.toString('utf8', head + 4, end)
      // Parse: the name of the statement, then its text. Query: the text.
      if (type === 'P') onStatement(body.split('\0')[1] ?? '')
      if (type === 'Q') onStatement(body.split('\0')[0] ?? '')
      isStarted = true
      waiting = waiting.subarray(end)
    }
  }
}

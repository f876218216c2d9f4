import { createSocket } from 'node:dgram'
import { once } from 'node:events'

export interface NameServer {
  /** `address:port` */
  readonly address: string
  /** The names that it was asked for. */
  readonly asked: Set<string>
  close(): Promise<void>
}

/** A name server on loopback that knows some IPv4 addresses, says nothing at all of names below `silent.example`. */
export async function startNameServer(records: Readonly<Record<string, string>>): Promise<NameServer> {
  const socket = createSocket('udp4')
  const asked = new Set<string>()
  socket.on('message', (query, { port, address }) => {
    const { name, end } = questionOf(query)
    asked.add(name)
    if (name.endsWith('silent.example')) return
    const record = records[name]
    const isAnswered = record !== undefined && query.readUInt16BE(end - 4) === 1
    // A response with recursion, by NOERROR or NXDOMAIN (RFC 1035 §4.1.1).
    const header = Buffer.from([
      0x81,
      record === undefined ? 0x83 : 0x80,
      0,
      1,
      0,
      isAnswered ? 1 : 0,
      0,
      0,
      0,
      0,
    ])
    const parts = [query.subarray(0, 2), header, query.subarray(12, end)]
    // The name as a pointer to the question, type A, class IN, one minute, four bytes.
    const answer = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...(record ?? '').split('.').map(Number)]
    if (isAnswered) parts.push(Buffer.from(answer))
    socket.send(Buffer.concat(parts), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${String(socket.address().port)}`,
    asked,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

function questionOf(query: Buffer): { name: string; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase())
    at += length + 1
  }
  return { name: labels.join('.'), end: at + 5 }
}

import { connect, type Socket } from 'node:net'

/** Sends requests one after another on a connection that it makes anew when the server has closed it. */
export class KeepAliveClient {
  readonly #url: URL
  #socket: Socket | null = null

  constructor(url: string) {
    this.#url = new URL(url)
  }

  /** @returns the code of the answer's first error, else `OK`; `lost` when the connection was lost */
  send(request: Uint8Array): Promise<string> {
    const socket = this.#connected()
    return new Promise((resolve) => {
      let answer = ''
      const settle = (outcome: string) => {
        socket.off('data', read)
        socket.off('close', lose)
        resolve(outcome)
      }
      const lose = () => {
        settle('lost')
      }
      const read = (chunk: Buffer) => {
        answer += chunk.toString('latin1')
        if (!isWhole(answer)) return
        settle(/"code":"(\w+)"/.exec(answer)?.[1] ?? 'OK')
      }
      socket.on('data', read)
      socket.once('close', lose)
      socket.write(request)
    })
  }

  close(): void {
    this.#socket?.destroy()
  }

  #connected(): Socket {
    if (this.#socket?.writable === true) return this.#socket
    const socket = connect(Number(this.#url.port), this.#url.hostname)
    socket.on('error', () => undefined)
    this.#socket = socket
    return socket
  }
}

/** Whether this is a whole response of HTTP/1.1, of a known length or chunked. */
function isWhole(answer: string): boolean {
  const head = answer.indexOf('\r\n\r\n')
  if (head < 0) return false
  const length = /^content-length: (\d+)/im.exec(answer.slice(0, head))?.[1]
  return length === undefined ? answer.endsWith('\r\n0\r\n\r\n') : answer.length >= head + 4 + Number(length)
}

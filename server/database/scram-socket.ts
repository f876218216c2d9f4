import { Socket } from 'node:net'

/** The codes of a login by SCRAM-SHA-256 in their order: SASL begins, proceeds and ends, and the login is granted. */
const scramCodes = [10, 11, 12, 0]

/** The longest message before the login is granted, in bytes. Those of PostgreSQL have some hundred bytes. */
const messageBytesMax = 16 * 1024

/**
 * A connection on which postgres.js can log in by SCRAM-SHA-256 and by nothing else. So the password never leaves this
 * process, and the server has proved that it knows it before anything that it says is believed.
 *
 * postgres.js sends the password in the clear or as MD5 to any server that asks for it, and accepts a server that asks for
 * none. So everything that the server sends passes here first, message by message (PostgreSQL's documentation, "Message
 * Formats"), until the SCRAM exchange is over. postgres.js checks the server's signature itself; its answer to each message
 * is awaited before the next.
 *
 * The connection is destroyed with an error when the server asks for anything else.
 */
export class ScramSocket extends Socket {
  /** For postgres.js's errors. */
  readonly host: string
  readonly port: number
  #step = 0
  #isTrusted = false
  #isWaiting = false
  #hasEnded = false
  #held = Buffer.alloc(0)

  /** Connects in a moment, so that whoever gets it can listen for errors first. */
  constructor({ host, port }: { readonly host: string; readonly port: number }) {
    super()
    this.host = host
    this.port = port
    setImmediate(() => {
      if (!this.destroyed) this.connect(this.port, this.host)
    })
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (this.#isTrusted) return super.push(chunk, encoding)
    if (chunk === null) this.#hasEnded = true
    else if (chunk instanceof Uint8Array) this.#held = Buffer.concat([this.#held, chunk])
    this.#proceed()
    return true
  }

  #proceed(): void {
    while (!this.#isWaiting && !this.#isTrusted && !this.destroyed) {
      const message = this.#takeMessage()
      if (message === null) break
      if (!this.#isExpected(message)) this.#refuse()
      else this.#passOn(message)
    }
    if (this.destroyed || this.#isWaiting) return
    if (this.#isTrusted && this.#held.length > 0) super.push(this.#held)
    if (this.#hasEnded) super.push(null)
  }

  /** Type, length and content; null while it is not complete. */
  #takeMessage(): Buffer | null {
    if (this.#held.length < 5) return null
    const length = 1 + this.#held.readUInt32BE(1)
    if (length < 5 || length > messageBytesMax) this.#refuse()
    if (this.destroyed || this.#held.length < length) return null
    const message = this.#held.subarray(0, length)
    this.#held = this.#held.subarray(length)
    return message
  }

  #isExpected(message: Buffer): boolean {
    const type = message.toString('latin1', 0, 1)
    // An error or a notice: neither asks for anything.
    if (type === 'E' || type === 'N') return true
    const code = message.length < 9 ? undefined : message.readUInt32BE(5)
    if (type !== 'R' || code !== scramCodes[this.#step]) return false
    // The rounds of the hash, which postgres.js computes without a break. PostgreSQL has 4096.
    return code !== 11 || /,i=\d{1,5}$/.test(message.toString('latin1', 9))
  }

  #passOn(message: Buffer): void {
    if (message[0] === 'R'.charCodeAt(0)) {
      this.#step++
      if (this.#step === scramCodes.length) this.#isTrusted = true
      else this.#wait()
    }
    super.push(message)
  }

  #wait(): void {
    this.#isWaiting = true
    setImmediate(() => {
      this.#isWaiting = false
      this.#proceed()
    })
  }

  #refuse(): void {
    this.destroy(new Error('The server at the address of the database does not log in by SCRAM-SHA-256.'))
  }
}

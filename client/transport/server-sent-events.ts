import { VaultError } from '../errors.ts'

/** One event of a stream. */
export interface ServerSentEvent {
  /** `message` unless the stream says otherwise. */
  readonly type: string
  readonly data: string
}

/** Far longer than any alert. */
const eventCharactersMax = 1024 * 1024

/**
 * Reads `text/event-stream` as it comes (WHATWG HTML, 9.2.6): fields `event` and `data`, comments and other fields left out.
 * `EventSource` itself sends GET requests, and no signature.
 */
export class EventReader {
  readonly #decoder = new TextDecoder()
  /** The received part of a line that has not ended. */
  #rest = ''
  #type = ''
  #data: string[] = []
  #characters = 0

  /**
   * The events that end in this chunk.
   *
   * @throws {VaultError} ANSWER_MALFORMED for an event of more than 1 Mi characters.
   */
  read(chunk: Uint8Array): ServerSentEvent[] {
    const text = this.#rest + this.#decoder.decode(chunk, { stream: true })
    // A carriage return at the end may be the first half of a line's end.
    const lines = (text.endsWith('\r') ? text.slice(0, -1) : text).split(/\r\n|\n|\r/)
    this.#rest = `${lines.pop() ?? ''}${text.endsWith('\r') ? '\r' : ''}`
    if (this.#rest.length > eventCharactersMax) throw tooLong()
    return lines.flatMap((line) => this.#take(line) ?? [])
  }

  #take(line: string): ServerSentEvent | null {
    if (line === '') {
      const event = { type: this.#type || 'message', data: this.#data.join('\n') }
      const isEvent = this.#data.length > 0
      this.#type = ''
      this.#data = []
      this.#characters = 0
      return isEvent ? event : null
    }
    this.#characters += line.length
    if (this.#characters > eventCharactersMax) throw tooLong()
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (name === 'event') this.#type = value
    if (name === 'data') this.#data.push(value)
    return null
  }
}

function tooLong(): VaultError {
  return new VaultError('ANSWER_MALFORMED', { detail: 'An event of the stream is too long.' })
}

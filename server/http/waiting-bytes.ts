/**
 * Counts the bytes that wait in memory for clients: of bodies that are not complete or not answered yet, and of answers that
 * are not taken. Beyond the bound, whatever has waited longest is cut off: a client that sends and reads as fast as it can
 * is never the one, while one that is slow on purpose makes room for the others.
 */
export class WaitingBytes {
  readonly #bytesMax: number
  /** Oldest first. */
  readonly #held = new Map<object, { bytes: number; readonly cut: () => void }>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Counts bytes for a holder until {@link release}. `cut` ends the wait of its client, now or later. */
  hold(holder: object, bytes: number, cut: () => void): void {
    const held = this.#held.get(holder) ?? { bytes: 0, cut }
    held.bytes += bytes
    this.#held.set(holder, held)
    this.#bytes += bytes
    for (const [oldest, { cut: cutOldest }] of this.#held) {
      if (this.#bytes <= this.#bytesMax) return
      this.release(oldest)
      cutOldest()
    }
  }

  release(holder: object): void {
    this.#bytes -= this.#held.get(holder)?.bytes ?? 0
    this.#held.delete(holder)
  }
}

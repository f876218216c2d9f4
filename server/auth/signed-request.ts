import type { Caller } from '../../schema/graphql/context.ts'
import type { ComponentValues, ParsedSignature } from '../../schema/wire/signatures/http-signature.ts'
import type { AnySigner } from './authentication.ts'

/** What a request says about who sent it. Nothing of it is believed before {@link Authentication} has checked it. */
export interface PresentedSignature {
  readonly signature: ParsedSignature
  /** What the signature may cover: one set for each origin that this server answers to. */
  readonly candidates: readonly ComponentValues[]
}

/** Who sent one request, and how far its signature was checked. */
export class RequestCaller implements Caller {
  readonly presented: PresentedSignature | null
  /** The nonce was consumed, in a committed transaction. */
  isClaimed = false
  /** The check of the signature alone, which is made once. */
  verification: Promise<AnySigner> | null = null
  #lastTurn: Promise<unknown> = Promise.resolve()

  constructor(presented: PresentedSignature | null) {
    this.presented = presented
  }

  get isSigned(): boolean {
    return this.presented !== null
  }

  /** Runs one thing after the other, so that of several fields of a request the first one consumes the nonce. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(work)
    this.#lastTurn = turn.catch(() => undefined)
    return turn
  }
}

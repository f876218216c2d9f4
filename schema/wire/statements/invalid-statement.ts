import { limits } from '../limits.ts'

/** A string is not a statement of the expected type and signer. The message names the rule, never the value. */
export class InvalidStatement extends Error {
  override readonly name: string = 'InvalidStatement'
}

/** It is dated ahead of the reader's clock by more than the clock skew: it may become valid later. */
export class FutureStatement extends InvalidStatement {
  override readonly name = 'FutureStatement'

  constructor() {
    super(`"iat" is at most ${String(limits.signatureClockSkewSeconds)} seconds ahead of the reader's clock.`)
  }
}

import { limits } from '../limits.ts'

/** Why a text is no statement of the expected type and signer. The message names the rule and never the value. */
export class InvalidStatement extends Error {
  override readonly name: string = 'InvalidStatement'
}

/** It is dated further ahead of the reader's clock than clocks may differ: it may be right later. */
export class FutureStatement extends InvalidStatement {
  override readonly name = 'FutureStatement'

  constructor() {
    super(`"iat" is at most ${String(limits.signatureClockSkewSeconds)} seconds ahead of the reader's clock.`)
  }
}

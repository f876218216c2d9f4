/** Why a text is no statement of the expected type and signer. The message names the rule and never the value. */
export class InvalidStatement extends Error {
  override readonly name = 'InvalidStatement'
}

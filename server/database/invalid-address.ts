/** A connection string that cannot be understood, or asks for what is not supported. Its message repeats no value. */
export class InvalidAddress extends Error {
  override readonly name = 'InvalidAddress'
}

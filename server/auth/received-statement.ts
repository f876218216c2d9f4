import { badInput } from '../../schema/wire/errors.ts'
import {
  FutureStatement,
  InvalidStatement,
  isFromFuture,
  verifyParsedStatement,
  type ParsedStatement,
  type StatementType,
  type StatementVerifier,
} from '../../schema/wire/statements/statement.ts'

/** A statement as a client sent it, and its parsed payload. */
export interface ReceivedStatement<T extends StatementType> extends ParsedStatement<T> {
  readonly compact: string
}

/** How a received statement is verified. */
export interface ExpectedStatement extends StatementVerifier {
  /** The database's clock; null when the caller checks the statement's date by itself. */
  readonly now: Date | null
  readonly field: string
}

/**
 * Verifies that a statement is signed with the private key of `signingKey`, and is not dated in the future.
 *
 * @throws {KeyServerError} BAD_USER_INPUT at `field`
 */
export async function assertSignedBy(
  statement: ReceivedStatement<StatementType>,
  { now, field, ...signer }: ExpectedStatement,
): Promise<void> {
  try {
    await verifyParsedStatement(statement.compact, statement, signer)
  } catch (error) {
    if (error instanceof InvalidStatement) throw badInput(field, error.message)
    throw error
  }
  if (now !== null && isFromFuture(statement.payload, now.getTime() / 1000)) throw datedAhead(field)
}

/** A BAD_USER_INPUT error at `field`: a statement is dated in the future. */
export function datedAhead(field: string) {
  return badInput(field, new FutureStatement().message)
}

/** A BAD_USER_INPUT error at `field`: a claim does not match the input. */
export function untrueClaim(field: string, claim: string) {
  return badInput(field, `The claim "${claim}" does not match the input.`)
}

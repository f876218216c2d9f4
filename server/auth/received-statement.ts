import { badInput } from '../../schema/wire/errors.ts'
import type { SigningJwk } from '../../schema/wire/keys/jwk.ts'
import {
  InvalidStatement,
  verifyStatement,
  type ParsedStatement,
  type StatementType,
} from '../../schema/wire/statements/statement.ts'

/** A statement as a client sent it, and its parsed payload. */
export interface ReceivedStatement<T extends StatementType> extends ParsedStatement<T> {
  readonly compact: string
}

/**
 * Verifies that a statement is signed with the private key of `signingKey`, and is not dated in the future.
 *
 * @throws {KeyServerError} BAD_USER_INPUT at `field`
 */
export async function assertSignedBy<T extends StatementType>(
  type: T,
  { compact }: ReceivedStatement<T>,
  {
    signingKey,
    now,
    field,
  }: {
    readonly signingKey: SigningJwk
    /** The database's clock. */
    readonly now: Date
    readonly field: string
  },
): Promise<void> {
  try {
    await verifyStatement(type, compact, { signingKey, nowSeconds: now.getTime() / 1000 })
  } catch (error) {
    if (error instanceof InvalidStatement) throw badInput(field, error.message)
    throw error
  }
}

/** A BAD_USER_INPUT error at `field`: a claim does not match the input. */
export function untrueClaim(field: string, claim: string) {
  return badInput(field, `The claim "${claim}" does not match the input.`)
}

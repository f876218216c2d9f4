import { InvalidJwk, parseSigningJwk, type SigningJwk } from '../../schema/wire/keys/jwk.ts'
import { InvalidStatement, parseStatement, verifyStatement } from '../../schema/wire/statements/statement.ts'
import { VaultError } from '../errors.ts'
import type { Operation } from '../transport/graphql.ts'
import type { Session } from '../trust/session.ts'
import { pinnedKeySet } from '../verifier/proofs/key-set.ts'

/**
 * How far an account's audit log has come, signed by the key server. Keep it apart from the key server, as JSON: a log that
 * changes or loses an entry up to `sequence` contradicts it.
 */
export interface AuditHead {
  /** The account's name. */
  readonly owner: string
  /** The newest sealed entry's; 0 when there is none. */
  readonly sequence: number
  /** That entry's, hex; zeros when there is none. */
  readonly hash: string
  /** The last entry's that was removed when its retention ended; 0 when none was. */
  readonly prunedSequence: number
  readonly prunedHash: string
  /** By the key server's clock, cut to seconds. */
  readonly signedAt: Date
  /** The JWS that states all this. */
  readonly statement: string
  /** The key server's public key that signed it, as it was published then. */
  readonly signingKey: SigningJwk
}

/**
 * Reads the head, and verifies that a published key of the key server signed it for this account.
 *
 * @throws {VaultError} AUDIT_HEAD_INVALID.
 */
export async function readAuditHead(session: Session): Promise<AuditHead> {
  const { statement, signingKeys } = await session.keyServer.run(auditHead)
  return verifyByPublishedKey(statement, { session, signingKeys })
}

async function verifyByPublishedKey(
  statement: string,
  {
    session: { owner, clock },
    signingKeys,
  }: { readonly session: Session; readonly signingKeys: readonly object[] },
): Promise<AuditHead> {
  const { kid } = orInvalid(() => parseStatement('claviger-audit-head+jwt', statement))
  const signingKey = await pinnedKeySet({ keys: signingKeys })(kid).catch((error: unknown) => {
    throw asInvalid(error)
  })
  if (signingKey === null) throw invalid('It is not signed by a key that the key server publishes.')
  return verifyAuditHead({ statement, signingKey }, { owner, nowSeconds: clock.nowSeconds() })
}

/**
 * Verifies a head that was kept: its signature, and that it is of this account. Its members are those of its statement.
 *
 * @param kept an {@link AuditHead} as JSON, parsed; or its statement alone, while the key server publishes the key that signed
 * @throws {VaultError} AUDIT_HEAD_INVALID.
 */
export async function parseAuditHead(kept: unknown, session: Session): Promise<AuditHead> {
  const { owner, clock, keyServer } = session
  if (typeof kept === 'string') {
    return verifyByPublishedKey(kept, { session, signingKeys: await keyServer.run(signingKeys) })
  }
  const members = new Map<string, unknown>(
    typeof kept === 'object' && kept !== null ? Object.entries(kept) : [],
  )
  const statement = members.get('statement')
  const signingKey = orInvalid(() => parseSigningJwk(members.get('signingKey')))
  if (typeof statement !== 'string') throw invalid('It has no statement.')
  return verifyAuditHead({ statement, signingKey }, { owner, nowSeconds: clock.nowSeconds() })
}

async function verifyAuditHead(
  { statement, signingKey }: Pick<AuditHead, 'statement' | 'signingKey'>,
  { owner, nowSeconds }: { readonly owner: string; readonly nowSeconds: number },
): Promise<AuditHead> {
  const verified = verifyStatement('claviger-audit-head+jwt', statement, { signingKey, nowSeconds })
  const { sub, iat, seq, hash, pruned } = await verified.catch((error: unknown) => {
    throw asInvalid(error)
  })
  if (sub !== owner) throw invalid("It is another account's.")
  return {
    owner,
    sequence: seq,
    hash,
    prunedSequence: pruned.seq,
    prunedHash: pruned.hash,
    signedAt: new Date(iat * 1000),
    statement,
    signingKey,
  }
}

function orInvalid<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw asInvalid(error)
  }
}

function asInvalid(error: unknown): unknown {
  return error instanceof InvalidStatement || error instanceof InvalidJwk ? invalid(error.message) : error
}

function invalid(detail: string): VaultError {
  return new VaultError('AUDIT_HEAD_INVALID', { detail })
}

const auditHead: Operation<{ statement: string; signingKeys: readonly object[] }> = {
  kind: 'query',
  document: 'query AuditHead { account { auditHead { statement } } keyServer { signingKeys } }',
  parse: (data) => ({
    statement: data.object('account').object('auditHead').text('statement'),
    signingKeys: data
      .object('keyServer')
      .list('signingKeys')
      .map((key) => key.toObject()),
  }),
}

const signingKeys: Operation<readonly object[]> = {
  kind: 'query',
  document: 'query SigningKeys { keyServer { signingKeys } }',
  parse: (data) =>
    data
      .object('keyServer')
      .list('signingKeys')
      .map((key) => key.toObject()),
}

import { applicationServerName } from '../../schema/wire/application-server.ts'
import { notFound } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import { VaultError } from '../errors.ts'
import { pagesOf, type PageOf, type Pages } from '../transport/pages.ts'
import type { Session } from '../trust/session.ts'
import type { Operation } from '../transport/graphql.ts'
import { termsOf, type KeyTerms } from '../trust/certificate.ts'
import { assertTerms } from './check-arguments.ts'
import type { UncertifiedOptions } from './open.ts'
import {
  assertAsked,
  parseTransactionKey,
  transactionKeyFields,
  withTrustError,
  withoutTrustError,
  type DescribedTransactionKey,
  type TransactionKey,
} from './transaction-key.ts'
import type { OverusePolicy, RevocationReason, TransactionKeyState } from '../../schema/wire/enums.ts'

/** What can change of a key. Absent members stay as they are; null removes. */
export interface KeyChanges {
  readonly label?: string | null | undefined
  /** Extending a term arms its notices anew. */
  readonly expiresAt?: Date | null | undefined
  readonly expiryNotices?: readonly number[] | null | undefined
  readonly maxUses?: number | null | undefined
  readonly overusePolicy?: OverusePolicy | undefined
  /** Takes a term that has ended. Default: false. */
  readonly allowExpired?: boolean | undefined
}

interface KeyFilter {
  readonly applicationServer?: string | undefined
  readonly state?: TransactionKeyState | undefined
}

/** Reads the keys that the filter lets through, newest first. */
export function readKeys(
  session: Session,
  { applicationServer, state }: KeyFilter = {},
): Pages<TransactionKey> {
  const name = applicationServer === undefined ? undefined : applicationServerName(applicationServer)
  const filter = { applicationServer: name, state }
  return pagesOf(async (after) => {
    const { items, next } = await readKeyPage(session, { ...filter, after, first: limits.batchMax })
    const keys: TransactionKey[] = []
    // One after the other: a signer that is not known yet is then asked for once.
    for (const item of items) keys.push(await withTrustError(session, item))
    return { items: keys, next }
  })
}

/** Reads one page of descriptions, newest first. */
export function readKeyPage(
  session: Session,
  page: KeyFilter & { readonly after?: string | null; readonly first: number },
): Promise<PageOf<DescribedTransactionKey>> {
  return session.keyServer.run(transactionKeys, { ...page })
}

/** Null when the account has no such key. */
export async function readKey(session: Session, id: string): Promise<TransactionKey | null> {
  const described = await session.keyServer.run(transactionKey, { id })
  if (described === null) return null
  assertAsked(described, { id })
  return withTrustError(session, described)
}

/**
 * Changes what is given. What the owner certifies of a key is certified anew when it changes: by what its certificate
 * said before, and not by what the key server says.
 *
 * @throws {VaultError} CERTIFICATE_MISSING, CERTIFICATE_INVALID, UNTRUSTED_MANAGEMENT_KEY, ROLLBACK.
 */
export async function updateKey(
  session: Session,
  id: string,
  { acceptUncertified, allowExpired, ...changes }: KeyChanges & UncertifiedOptions,
): Promise<TransactionKey> {
  assertTerms({ ...changes, allowExpired }, session.clock)
  const { label, expiresAt, expiryNotices, maxUses, overusePolicy } = changes
  const terms = changedTerms(changes)
  const isAboutTerms = Object.keys(terms).length > 0
  const certificate = isAboutTerms ? await certifyAnew(session, { id, terms, acceptUncertified }) : null
  const input = {
    id,
    label,
    expiresAt: expiresAt instanceof Date ? expiresAt.toISOString() : expiresAt,
    expiryNotices,
    maxUses,
    overusePolicy,
    certificate: certificate ?? undefined,
  }
  const updated = await session.keyServer.run(updateTransactionKey, { input })
  if (certificate !== null) return withoutTrustError(session, updated, { id })
  assertAsked(updated, { id })
  return withTrustError(session, updated)
}

export async function revokeKey(
  session: Session,
  id: string,
  { reason = 'UNSPECIFIED' }: { readonly reason?: RevocationReason | undefined } = {},
): Promise<TransactionKey> {
  const revocation = await signedRevocation(session, id, reason)
  return withRevoked(
    session,
    id,
    await session.keyServer.run(revokeTransactionKey, { id, reason, revocation }),
  )
}

export async function destroyKey(session: Session, id: string): Promise<TransactionKey> {
  const revocation = await signedRevocation(session, id, 'UNSPECIFIED')
  return withRevoked(session, id, await session.keyServer.run(destroyTransactionKey, { id, revocation }))
}

/**
 * What this device signs of a revocation. Undefined, which is not sent, for a key that is not as its owner certified it:
 * then it would sign what the key server says, and revoke another key perhaps. Undefined too when it has been signed.
 */
async function signedRevocation(
  session: Session,
  id: string,
  reason: RevocationReason,
): Promise<string | undefined> {
  const described = await session.keyServer.run(transactionKey, { id })
  if (described?.revocation !== null) return undefined
  assertAsked(described, { id })
  if ((await session.trust.findTrustError(described)) !== null) return undefined
  const certificate = await session.trust.assertCertified(described)
  return certificate === null
    ? undefined
    : session.trust.signRevocation(certificate, described.revocationReason ?? reason)
}

/**
 * That it is revoked is remembered by looking at the description.
 *
 * @throws {VaultError} ANSWER_MALFORMED when it is not; KEY_MISMATCH
 */
export function withRevoked(
  session: Session,
  id: string,
  described: DescribedTransactionKey,
): Promise<TransactionKey> {
  assertAsked(described, { id })
  if (described.state !== 'REVOKED') {
    throw new VaultError('ANSWER_MALFORMED', { detail: 'The key was to be revoked, and is not.' })
  }
  return withTrustError(session, described)
}

/** Null when the key has no certificate, and needs none. */
async function certifyAnew(
  session: Session,
  {
    id,
    terms,
    acceptUncertified,
  }: UncertifiedOptions & { readonly id: string; readonly terms: Partial<KeyTerms> },
): Promise<string | null> {
  const described = await session.keyServer.run(transactionKey, { id })
  if (described === null) throw notFound('transaction key')
  assertAsked(described, { id })
  const replaced = await session.trust.assertCertified(described, { acceptUncertified })
  if (replaced === null) return null
  const { jti, aud, cnf } = replaced
  const key = { id: jti, applicationServer: aud, cnf, ...termsOf(replaced), ...terms }
  return session.trust.certify(key, { replaced })
}

function changedTerms({ expiresAt, maxUses, overusePolicy }: KeyChanges): Partial<KeyTerms> {
  return {
    ...(expiresAt !== undefined && { expiresAt }),
    ...(maxUses !== undefined && { maxUses }),
    ...(overusePolicy !== undefined && { overusePolicy }),
  }
}

const transactionKeys: Operation<PageOf<DescribedTransactionKey>> = {
  kind: 'query',
  document: /* GraphQL */ `
    query TransactionKeys($first: Int!, $after: String, $applicationServer: String, $state: TransactionKeyState) {
      account {
        transactionKeys(first: $first, after: $after, applicationServer: $applicationServer, state: $state) {
          edges { node { ${transactionKeyFields} } }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
  `,
  parse: async (data) => {
    const connection = data.object('account').object('transactionKeys')
    const pageInfo = connection.object('pageInfo')
    return {
      items: await Promise.all(
        connection.list('edges').map((edge) => parseTransactionKey(edge.object('node'))),
      ),
      next: pageInfo.boolean('hasNextPage') ? pageInfo.textOrNull('endCursor') : null,
    }
  },
}

const transactionKey: Operation<DescribedTransactionKey | null> = {
  kind: 'query',
  document: `query TransactionKey($id: ID!) { transactionKey(id: $id) { ${transactionKeyFields} } }`,
  parse: (data) => {
    const answer = data.objectOrNull('transactionKey')
    return answer === null ? null : parseTransactionKey(answer)
  },
}

const updateTransactionKey: Operation<DescribedTransactionKey> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation UpdateTransactionKey($input: UpdateTransactionKeyInput!) {
      updateTransactionKey(input: $input) { ${transactionKeyFields} }
    }
  `,
  parse: (data) => parseTransactionKey(data.object('updateTransactionKey')),
}

const revokeTransactionKey: Operation<DescribedTransactionKey> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation RevokeTransactionKey($id: ID!, $reason: RevocationReason!, $revocation: JWS) {
      revokeTransactionKey(id: $id, reason: $reason, revocation: $revocation) { ${transactionKeyFields} }
    }
  `,
  parse: (data) => parseTransactionKey(data.object('revokeTransactionKey')),
}

const destroyTransactionKey: Operation<DescribedTransactionKey> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation DestroyTransactionKey($id: ID!, $revocation: JWS) {
      destroyTransactionKey(id: $id, revocation: $revocation) { ${transactionKeyFields} }
    }
  `,
  parse: (data) => parseTransactionKey(data.object('destroyTransactionKey')),
}

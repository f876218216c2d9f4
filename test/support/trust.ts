import { encodeCursor } from '../../schema/wire/cursor.ts'
import { parsePublicJwk, parseSigningJwk, parseWrappingJwk } from '../../schema/wire/keys/jwk.ts'
import {
  signPayloadOf,
  signStatement,
  statementAlgorithmOf,
  type Endorsement,
  type KeyCertificate,
  type StatementSigner,
} from '../../schema/wire/statements/statement.ts'
import { call, createRawKey, wrap, type GraphQLAnswer, type RawAccount, type RawKey } from './raw-client.ts'

/** A key that signs statements with the private half of a management key. */
export function signerOf(key: RawKey): StatementSigner {
  return {
    privateKey: key.privateKey,
    kid: key.id,
    alg: statementAlgorithmOf(parseSigningJwk(key.signingKey)),
  }
}

/** The facts of a store's input, as its owner certifies them. */
export function certificateOf(owner: string, input: Record<string, unknown>): KeyCertificate {
  const seconds = (instant: unknown) => Math.floor(Date.parse(String(instant)) / 1000)
  const { notBefore, expiresAt, maxUses, overusePolicy } = input
  return {
    v: 1,
    iss: owner,
    aud: String(input['applicationServer']),
    jti: String(input['id']),
    iat: Math.floor(Date.now() / 1000),
    ...(typeof notBefore === 'string' && { nbf: seconds(notBefore) }),
    ...(typeof expiresAt === 'string' && { exp: seconds(expiresAt) }),
    ...(typeof maxUses === 'number' && { max_uses: maxUses }),
    ...(overusePolicy === 'REFUSE' && { overuse: overusePolicy }),
    cnf: { jwk: parsePublicJwk(input['publicKey']) },
  }
}

export function endorsementOf(owner: string, key: RawKey): Endorsement {
  return {
    v: 1,
    iss: owner,
    sub: key.id,
    iat: Math.floor(Date.now() / 1000),
    kind: 'DEVICE',
    cnf: { jwk: parseSigningJwk(key.signingKey) },
    wrap: parseWrappingJwk(key.wrappingKey),
  }
}

export const addMutation = `mutation ($input: AddManagementKeyInput!) {
  addManagementKey(input: $input) { id label kind signingKey wrappingKey endorsement createdAt revokedAt }
}`

export interface AddOptions {
  readonly payload?: Endorsement
  /** Transaction keys to wrap for the new key. */
  readonly copies?: readonly string[]
}

/** The input that adds `key` to an account, endorsed by one of its keys. */
export async function addInput(
  { name, key: approver }: RawAccount,
  key: RawKey,
  { payload = endorsementOf(name, key), copies = [] }: AddOptions = {},
) {
  const endorsement = await signStatement('claviger-endorsement+jwt', payload, signerOf(approver))
  return {
    managementKey: { label: 'second', signingKey: key.signingKey, wrappingKey: key.wrappingKey },
    endorsement,
    proof: await signPayloadOf(endorsement, 'claviger-proof+jwt', signerOf(key)),
    wrappedKeys: await Promise.all(
      copies.map(async (transactionKeyId) => ({ transactionKeyId, jwe: await wrap(key) })),
    ),
  }
}

export function add(url: string, signer: RawKey, input: object): Promise<GraphQLAnswer> {
  return call(url, signer, { query: addMutation, variables: { input } })
}

/** Adds a new management key to an account and returns it. */
export async function addKey(url: string, account: RawAccount, options: AddOptions = {}): Promise<RawKey> {
  const key = await createRawKey()
  const answer = await add(url, account.key, await addInput(account, key, options))
  if (answer.errors.length > 0) throw new Error(`addManagementKey failed: ${JSON.stringify(answer.errors)}`)
  return key
}

export function revokeKey(url: string, signer: RawKey, id: string): Promise<GraphQLAnswer> {
  return call(url, signer, {
    query: 'mutation ($id: ID!) { revokeManagementKey(id: $id) { id revokedAt } }',
    variables: { id },
  })
}

/** The account's alerts about its management keys, oldest first. */
export async function trustAlerts(url: string, key: RawKey): Promise<unknown[]> {
  const { data } = await call(url, key, {
    query: `{ account { alerts(first: 100) { edges { node { kind
      ... on ManagementKeyAddedAlert { managementKey { id } addedBy { id } }
      ... on ManagementKeyRevokedAlert { managementKey { id } revokedBy { id } }
      ... on KeysRewrappedAlert { managementKey { id } keyCount }
      ... on KeysExportedAlert { managementKey { id } keyCount } } } } } }`,
  })
  const edges: { node: unknown }[] = data?.['account'].alerts.edges
  return edges.map(({ node }) => node)
}

/** Before the first alert of an account. */
export const beginning = encodeCursor('alert', '0')

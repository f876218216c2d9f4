import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { parsePublicJwk } from '../../schema/wire/keys/jwk.ts'
import { signStatement } from '../../schema/wire/statements/statement.ts'
import { applicationServer, type Owner } from './owners.ts'
import { httpRequest, signRequest } from './signing.ts'

/** One row of the report: what is asked, by how many connections, and how much of it one request asks for. */
export interface Operation {
  readonly name: string
  readonly connections: number
  /** The operations that a request counts as. */
  readonly units: number
  /** A signed request is sent once, and within a minute. */
  readonly isSigned: boolean
  readonly expected: string
  /** Which statement of pgbench does the same. */
  readonly statement: 'select' | 'acquire' | null
  /** The next request for this server. */
  readonly next: (url: string) => Promise<Uint8Array> | Uint8Array
}

const facts = 'coincides valid state certificate'
/** The GraphQL documents of the operations. */
export const documents = {
  verifyOne: `query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { ${facts} } }`,
  verifyMany: `query ($inputs: [VerifyPublicKeyInput!]!) { verifyPublicKeys(inputs: $inputs) { ${facts} } }`,
  acquire: 'query ($id: ID!) { wrappedKey(transactionKeyId: $id) { jwe } }',
  store: 'mutation ($input: StoreTransactionKeyInput!) { storeTransactionKey(input: $input) { id state } }',
} as const

/** Public keys that are verified at once. */
export const batchSize = 50

export function operationsOver(owners: readonly Owner[]): readonly Operation[] {
  const all = owners.flatMap((owner) =>
    owner.transactionKeyIds.map((id, index) => ({ owner, id, publicKey: owner.publicKeys[index] })),
  )
  // Neighbours are of different accounts.
  const keys = all.map((_key, index) => all[(index * 7919) % all.length] ?? fail())
  const takeKey = inTurns(keys)
  const [hot = fail()] = keys
  const input = () => {
    const { owner, publicKey } = takeKey()
    return { owner: owner.name, applicationServer, publicKey }
  }
  const post = (url: string, body: object) => httpRequest(new URL(`${url}/graphql`), JSON.stringify(body))
  const verify = {
    units: 1,
    isSigned: false,
    expected: '"valid":true',
    statement: 'select',
    next: (url: string) => post(url, { query: documents.verifyOne, variables: { input: input() } }),
  } as const
  const acquisition = (take: () => (typeof keys)[number]) => ({
    connections: 32,
    units: 1,
    isSigned: true,
    expected: '"jwe":"x',
    statement: 'acquire' as const,
    next: (url: string) => {
      const { owner, id } = take()
      return signRequest(url, owner, JSON.stringify({ query: documents.acquire, variables: { id } }))
    },
  })
  return [
    { ...verify, name: 'verify', connections: 32 },
    { ...verify, name: 'verify lone', connections: 2 },
    {
      ...verify,
      name: `verify ${batchSize} at once`,
      connections: 8,
      units: batchSize,
      next: (url) =>
        post(url, {
          query: documents.verifyMany,
          variables: { inputs: Array.from({ length: batchSize }, input) },
        }),
    },
    { ...acquisition(takeKey), name: 'acquire' },
    { ...acquisition(() => hot), name: 'acquire a hot key' },
    {
      name: 'store',
      connections: 32,
      units: 1,
      isSigned: true,
      expected: '"state":"ACTIVE"',
      statement: null,
      next: async (url) => {
        const { owner } = takeKey()
        return signRequest(
          url,
          owner,
          JSON.stringify({ query: documents.store, variables: { input: await keyOf(owner) } }),
        )
      },
    },
  ]
}

/** A new key with a certificate of its owner. */
async function keyOf({ name, managementKeyId, privateKey }: Owner): Promise<object> {
  const publicKey = parsePublicJwk(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }))
  const id = randomUUID()
  const certificate = await signStatement(
    'claviger-key+jwt',
    {
      v: 1,
      iss: name,
      aud: applicationServer,
      jti: id,
      iat: Math.floor(Date.now() / 1000),
      cnf: { jwk: publicKey },
    },
    { privateKey, kid: managementKeyId, alg: 'EdDSA' },
  )
  return {
    id,
    applicationServer,
    publicKey,
    certificate,
    wrappedKeys: [{ managementKeyId, jwe: jweFor(managementKeyId) }],
  }
}

/** The form and size of a wrapped Ed25519 key. Nobody opens it here. */
export function jweFor(kid: string): string {
  const header = { alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid, cty: 'jwk+json' }
  const encode = (bytes: Buffer) => bytes.toString('base64url')
  const [key, iv, ciphertext, tag] = [40, 12, 150, 16].map((size) => encode(Buffer.alloc(size, 1)))
  return [encode(Buffer.from(JSON.stringify(header))), key, iv, ciphertext, tag].join('.')
}

function inTurns<T>(items: readonly T[]): () => T {
  let index = 0
  return () => items[index++ % items.length] ?? fail()
}

function fail(): never {
  throw new Error('There is nothing to ask for.')
}

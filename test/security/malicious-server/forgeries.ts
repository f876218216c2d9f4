import { publicManagementKey, type ManagementKey } from '../../../client/crypto/management-key.ts'
import { publicHalfOf } from '../../../client/crypto/public-half.ts'
import { generateSecret, type Secret } from '../../../client/crypto/transaction-key.ts'
import { importWrappingKey, wrapForAll } from '../../../client/crypto/wrap.ts'
import { confirmationOf } from '../../../client/trust/confirmation.ts'
import { statementSigner } from '../../../client/trust/endorse.ts'
import { parseWrappingJwk } from '../../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../../schema/wire/keys/thumbprint.ts'
import { signStatement, type KeyCertificate } from '../../../schema/wire/statements/statement.ts'
import type { Data, Tampering, MaliciousServer } from './malicious-server.ts'
import { shop, type Victim } from './victim.ts'

/** A key that the key server generated. */
export interface PlantedKey {
  readonly id: string
  readonly secret: Secret
  /** Null: it is symmetric. */
  readonly publicKey: object | null
  readonly thumbprint: string | null
  /** Wrapped for the victim, as anybody who has seen their wrapping key can. */
  readonly jwe: string
}

/** Generates a key that the key server knows, and wraps it for the victim under the id of one of theirs. */
export async function plantKey(
  { exchanges }: MaliciousServer,
  { vault, owner }: Victim,
  { id, algorithm = 'Ed25519' }: { readonly id: string; readonly algorithm?: 'Ed25519' | 'A256GCM' },
): Promise<PlantedKey> {
  const opened = exchanges.find(
    ({ operation, variables }) => operation === 'OpenAccount' && variables['input'].name === owner,
  )
  const { wrappingKey } = opened?.variables['input'].managementKey ?? {}
  const recipient = {
    id: vault.managementKeyId,
    wrappingKey: await importWrappingKey(parseWrappingJwk(wrappingKey)),
  }
  const secret = await generateSecret(algorithm)
  const publicKey = await publicHalfOf(secret)
  const [wrappedKey] = await wrapForAll(secret, { id, applicationServer: shop, recipients: [recipient] })
  if (wrappedKey === undefined) throw new Error('Nothing was planted.')
  return {
    id,
    secret,
    publicKey,
    thumbprint: publicKey && (await thumbprint(publicKey)),
    jwe: wrappedKey.jwe,
  }
}

/** Serves a planted key instead of the victim's, with this certificate. */
export function servePlanted(
  { publicKey, thumbprint, jwe }: PlantedKey,
  { certificate }: { readonly certificate: string | null },
): Tampering {
  return together(
    aboutKeys((key) => Object.assign(key, { publicKey, thumbprint, certificate })),
    aboutOperation('WrappedKey', ({ wrappedKey }) => Object.assign(wrappedKey, { jwe })),
  )
}

/** A certificate for a planted key with the expected claims, signed by a key that the key server controls. */
export async function forgeCertificate(
  { owner }: Victim,
  { id, secret }: PlantedKey,
  { signer, kid = signer.id }: { readonly signer: ManagementKey; readonly kid?: string },
): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const payload: KeyCertificate = {
    v: 1,
    iss: owner,
    aud: shop,
    jti: id,
    iat,
    cnf: await confirmationOf(secret),
  }
  return signStatement('claviger-key+jwt', payload, { ...statementSigner(signer), kid })
}

/** Lists a management key in the account that its owner has never registered. */
export async function listInvented(
  invented: ManagementKey,
  { endorsement }: { readonly endorsement: string | null },
): Promise<Tampering> {
  const { signingKey, wrappingKey } = await publicManagementKey(invented)
  const row = {
    id: invented.id,
    label: 'Phone',
    kind: 'DEVICE',
    signingKey,
    wrappingKey,
    endorsement,
    createdAt: new Date().toISOString(),
    lastUsedAt: null,
    revokedAt: null,
    revocation: null,
  }
  return aboutManagementKeys((keys) => keys.push(row))
}

/** Changes every description of a transaction key, in all answers. */
export function aboutKeys(change: (key: Data) => unknown): Tampering {
  return ({ data }) => {
    const fields: (Data | null)[] = Object.values(data)
    for (const key of fields.flatMap(descriptionsIn)) change(key)
    return data
  }
}

/** Changes the answers to one operation. */
export function aboutOperation(name: string, change: (data: Data, variables: Data) => unknown): Tampering {
  return ({ operation, data, variables }) => {
    if (operation === name) change(data, variables)
    return data
  }
}

/** Changes the account's list of management keys, which may be changed in place. */
export function aboutManagementKeys(change: (keys: Data[]) => unknown): Tampering {
  return aboutOperation('Account', (data) => {
    const keys: Data[] = data['account'].managementKeys
    change(keys)
  })
}

/** Several tamperings at once. */
export function together(...tamperings: readonly Tampering[]): Tampering {
  return (exchange) => {
    for (const tampering of tamperings) tampering(exchange)
    return exchange.data
  }
}

function descriptionsIn(field: Data | null): Data[] {
  if (field === null) return []
  if ('applicationServer' in field) return [field]
  if ('transactionKey' in field) {
    const key: Data = field['transactionKey']
    return [key]
  }
  const edges: { node: Data }[] = field['transactionKeys']?.edges ?? []
  return edges.map(({ node }) => node)
}

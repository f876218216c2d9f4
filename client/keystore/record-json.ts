import {
  managementKeyId,
  secretParameters,
  secretUsages,
  signingParameters,
  type SigningAlgorithm,
} from '../crypto/management-key.ts'
import { VaultError } from '../errors.ts'
import type { ManagementKeyRecord } from './keystore.ts'
import { parsePairingMembers } from './pairing-members.ts'

/*
 * The text form of a management key: {"v": 1, "url", "owner", "signing": <private JWK>, "wrapping": <private JWK>,
 * "wrappingSecret": <oct JWK>, "anchors": [<ids>], "kind": "VIEWER"}; the last three may be absent. The id is not
 * written: it is computed from the signing key.
 */

const version = 1

/** Serializes a record with its secrets. The private keys must be extractable. */
export async function serializeRecord({
  url,
  owner,
  signing,
  wrapping,
  wrappingSecret,
  anchors,
  kind,
}: ManagementKeyRecord): Promise<string> {
  const record = {
    v: version,
    url,
    owner,
    signing: await exportSecret(signing.privateKey),
    wrapping: await exportSecret(wrapping.privateKey),
    wrappingSecret: wrappingSecret && (await exportSecret(wrappingSecret)),
    anchors,
    kind,
  }
  return `${JSON.stringify(record, null, 2)}\n`
}

/**
 * Parses a record. Its private keys are extractable, unless the keystore will not have to write them again.
 *
 * @throws {VaultError} KEYSTORE_UNREADABLE.
 */
export async function parseRecord(
  text: string,
  { extractable = true }: { readonly extractable?: boolean } = {},
): Promise<ManagementKeyRecord> {
  try {
    const record = membersOf(JSON.parse(text))
    const [url, owner] = [record.get('url'), record.get('owner')]
    if (record.get('v') !== version || typeof url !== 'string' || typeof owner !== 'string')
      throw new TypeError()
    const signing = await importSigning(secretOf(record.get('signing')), extractable)
    const wrappingJwk = secretOf(record.get('wrapping'))
    const wrapping = await importPair(wrappingJwk, {
      parameters: wrappingJwk['crv'] === 'P-256' ? { name: 'ECDH', namedCurve: 'P-256' } : { name: 'X25519' },
      privateUsages: ['deriveBits'],
      publicUsages: [],
      extractable,
    })
    const id = await managementKeyId(signing.publicKey)
    const secret = record.get('wrappingSecret')
    const wrappingSecret =
      secret === undefined ? undefined : await importWrappingSecret(secretOf(secret), extractable)
    const paired = parsePairingMembers(record)
    return { url, owner, id, signing, wrapping, ...(wrappingSecret && { wrappingSecret }), ...paired }
  } catch {
    // The messages of the parser and of WebCrypto are dropped: they may quote a secret.
    throw new VaultError('KEYSTORE_UNREADABLE')
  }
}

type SecretMembers = Readonly<Record<string, string>>

async function exportSecret(key: CryptoKey): Promise<SecretMembers> {
  return secretOf(await crypto.subtle.exportKey('jwk', key))
}

/** The members that define the key: WebCrypto's `ext` and `key_ops` would restrict the next import. */
function secretOf(value: unknown): SecretMembers {
  const members = membersOf(value)
  const secret: Record<string, string> = {}
  for (const name of ['kty', 'crv', 'x', 'y', 'd', 'k']) {
    const member = members.get(name)
    if (typeof member === 'string') secret[name] = member
  }
  return secret
}

function importSigning(jwk: SecretMembers, extractable: boolean): Promise<CryptoKeyPair> {
  const algorithm: SigningAlgorithm = jwk['kty'] === 'EC' ? 'P-256' : 'Ed25519'
  const parameters = signingParameters[algorithm]
  return importPair(jwk, { parameters, privateUsages: ['sign'], publicUsages: ['verify'], extractable })
}

function importWrappingSecret(jwk: SecretMembers, extractable: boolean): Promise<CryptoKey> {
  return crypto.subtle.importKey('jwk', jwk, secretParameters, extractable, [...secretUsages])
}

async function importPair(
  jwk: SecretMembers,
  {
    parameters,
    privateUsages,
    publicUsages,
    extractable,
  }: {
    readonly parameters: Algorithm | EcKeyImportParams
    readonly privateUsages: KeyUsage[]
    readonly publicUsages: KeyUsage[]
    readonly extractable: boolean
  },
): Promise<CryptoKeyPair> {
  const { d: _secret, ...publicJwk } = jwk
  return {
    privateKey: await crypto.subtle.importKey('jwk', jwk, parameters, extractable, privateUsages),
    publicKey: await crypto.subtle.importKey('jwk', publicJwk, parameters, true, publicUsages),
  }
}

function membersOf(value: unknown): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new TypeError('A JSON object is expected.')
  return new Map(Object.entries(value))
}

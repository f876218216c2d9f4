import { VaultError } from '../errors.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** The stored facts of a passkey. Neither is a secret. */
export interface Passkey {
  readonly credentialId: Bytes
  /** The input at which the passkey's pseudo-random function is evaluated. */
  readonly salt: Bytes
}

/** A passkey waits for a person: they may have to find a telephone. */
const timeoutMs = 120_000

/** ES256, EdDSA, RS256 (COSE algorithms): authenticators have one of them. The signature itself is not used. */
const algorithms = [-7, -8, -257]

/**
 * Whether a page may offer a passkey: the browser has WebAuthn and a way to verify its user, does not say that `prf` is
 * missing, and the page has a domain. An authenticator without `prf` is found only when it is asked.
 */
export async function canUsePasskey(): Promise<boolean> {
  if (!('PublicKeyCredential' in globalThis) || !isSecureContext || isAddress(location.hostname)) return false
  if (!(await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable())) return false
  if (!('getClientCapabilities' in PublicKeyCredential)) return true
  const capabilities: Partial<Record<string, boolean>> = await PublicKeyCredential.getClientCapabilities()
  return capabilities['extension:prf'] !== false
}

/**
 * Makes a passkey, and the key that it gives.
 *
 * @throws {VaultError} RUNTIME_UNSUPPORTED, KEYSTORE_LOCKED
 */
export async function createPasskey({
  owner,
  rpId,
}: {
  readonly owner: string
  readonly rpId: string | undefined
}): Promise<{ readonly passkey: Passkey; readonly sealingKey: CryptoKey }> {
  const salt = randomBytes(32)
  const credential = await ask(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: 'Claviger', ...(rpId !== undefined && { id: rpId }) },
        user: { id: randomBytes(32), name: owner, displayName: owner },
        challenge: randomBytes(32),
        pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        timeout: timeoutMs,
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  )
  const { prf } = credential.getClientExtensionResults()
  if (prf?.enabled !== true) throw new VaultError('RUNTIME_UNSUPPORTED', { detail: noPrf })
  const passkey = { credentialId: new Uint8Array(credential.rawId), salt }
  // Some authenticators evaluate it at once, others only when they are asked again.
  const output = prf.results?.first
  return {
    passkey,
    sealingKey: output === undefined ? await sealingKeyOf(passkey, rpId) : await derive(output),
  }
}

/**
 * The key that a passkey gives: AES-256-GCM, not extractable, by HKDF-SHA-256 of the output of its `prf`.
 *
 * @throws {VaultError} RUNTIME_UNSUPPORTED, KEYSTORE_LOCKED
 */
export async function sealingKeyOf(
  { credentialId, salt }: Passkey,
  rpId: string | undefined,
): Promise<CryptoKey> {
  const credential = await ask(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: randomBytes(32),
        allowCredentials: [{ type: 'public-key', id: credentialId }],
        userVerification: 'required',
        timeout: timeoutMs,
        ...(rpId !== undefined && { rpId }),
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  )
  const output = credential.getClientExtensionResults().prf?.results?.first
  if (output === undefined) throw new VaultError('RUNTIME_UNSUPPORTED', { detail: noPrf })
  return derive(output)
}

const noPrf = 'The passkey has no pseudo-random function (prf).'

/** @throws {VaultError} KEYSTORE_LOCKED when the user cancels, or the browser refuses to ask. */
async function ask(request: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  if (!('credentials' in navigator) || !('PublicKeyCredential' in globalThis)) {
    throw new VaultError('RUNTIME_UNSUPPORTED', { detail: 'It has no WebAuthn: give another keystore.' })
  }
  try {
    const credential = await request()
    if (credential instanceof PublicKeyCredential) return credential
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotSupportedError') {
      throw new VaultError('RUNTIME_UNSUPPORTED', { detail: noPrf })
    }
  }
  throw new VaultError('KEYSTORE_LOCKED', { detail: 'The passkey was not given.' })
}

async function derive(output: BufferSource): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey('raw', output, 'HKDF', false, ['deriveKey'])
  const info = new TextEncoder().encode('claviger passkey keystore')
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info },
    secret,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
}

function randomBytes(count: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(count))
}

/** WebAuthn needs a domain: a passkey for an IP address is refused. */
function isAddress(hostname: string): boolean {
  return /^\[|^\d+(\.\d+){3}$/.test(hostname)
}

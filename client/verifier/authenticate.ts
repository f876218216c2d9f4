import {
  appRequestWithBodyProfile,
  appKeyHeader,
  appRequestProfile,
  parseAppKey,
  parseAppKeyid,
} from '../../schema/wire/signatures/app-signature.ts'
import { LruMap } from './lru-map.ts'
import { KeyServerError } from '../../schema/wire/errors.ts'
import type { SigningJwk } from '../../schema/wire/keys/jwk.ts'
import type { Thumbprint } from '../../schema/wire/brands.ts'
import { thumbprint as thumbprintOf } from '../../schema/wire/keys/thumbprint.ts'
import { limits } from '../../schema/wire/limits.ts'
import {
  contentDigest,
  importSigningKey,
  parseSignature,
  verifySignature,
  type ParsedSignature,
} from '../../schema/wire/signatures/http-signature.ts'
import type { EventListener } from './events.ts'
import { withTimeout } from './with-timeout.ts'
import type { NonceStore } from './nonces.ts'
import { refusalOfStatus, refuse, type Refusal } from './refusal.ts'
import type { VerificationResult } from './result.ts'
import type { VerificationQuery } from './query.ts'

/** A received request, independent of the framework. */
export interface ReceivedRequest {
  /** In upper case, e.g. `POST`. */
  readonly method: string
  /** Path and query as sent, from the slash on. Without the host: what a client or a proxy sends as host is ignored. */
  readonly target: string
  /** The value of a header by its lower-case name; repeated headers are joined by a comma and a space (RFC 9110 §5.3). */
  readonly header: (name: string) => string | undefined
  /** As received, not decoded. */
  readonly body: Uint8Array<ArrayBuffer>
}

/** The owner whose key signed a request. */
export interface Caller {
  /** The account's name. */
  readonly owner: string
  readonly key: {
    readonly publicKey: SigningJwk
    /** RFC 7638 thumbprint. */
    readonly thumbprint: string
    readonly expiresAt: Date | null
    /** With `certificates`, the ids on its certification path, as in {@link VerificationResult}. */
    readonly certifiedBy: readonly string[] | null
  }
}

export type Authentication = { readonly caller: Caller } | { readonly refusal: Refusal }

/**
 * Authenticates a request: finds its caller, or the reason to refuse it. A request is accepted once; the second time it is
 * a replay. Never throws.
 */
export type Authenticate = (request: ReceivedRequest) => Promise<Authentication>

export interface AuthenticatorOptions {
  readonly origins: readonly string[]
  readonly nonces: NonceStore
  readonly verify: (query: VerificationQuery) => Promise<VerificationResult>
  readonly onEvent: EventListener
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
}

/** Checks, cheapest first: form, time, signature, verification of the key, and the nonce last. */
export function authenticator(options: AuthenticatorOptions): Authenticate {
  const keys = new LruMap<PresentedKey>({ sizeMax: presentedKeysMax })
  return async (request) => {
    const authentication = await check(request, { ...options, keys }).catch(toRefusal)
    options.onEvent({
      type: 'authenticated',
      outcome: 'caller' in authentication ? 'ok' : authentication.refusal.code,
    })
    return authentication
  }
}

interface PresentedKey {
  readonly jwk: SigningJwk
  readonly thumbprint: Thumbprint
  readonly cryptoKey: CryptoKey
}

/** Maximum number of cached keys, by their header: parsing a key costs more than verifying a signature. */
const presentedKeysMax = 1000

type CheckOptions = AuthenticatorOptions & { readonly keys: LruMap<PresentedKey> }

async function check(request: ReceivedRequest, options: CheckOptions): Promise<Authentication> {
  const signed = await checkSignature(request, options)
  if ('refusal' in signed) return signed
  const { owner, signature, key } = signed
  const { jwk: publicKey, thumbprint } = key
  const result = await options.verify({ owner, publicKey, thumbprint })
  if (result.status !== 'valid') return { refusal: refusalOfStatus(result.status) }
  const refusal = await checkNonce(signature, options)
  if (refusal !== null) return { refusal }
  const { expiresAt, certifiedBy } = result
  return { caller: { owner, key: { publicKey, thumbprint, expiresAt, certifiedBy } } }
}

interface CheckedSignature {
  readonly owner: string
  readonly signature: ParsedSignature
  readonly key: PresentedKey
}

/** Checks what the request alone tells. */
async function checkSignature(
  request: ReceivedRequest,
  options: CheckOptions,
): Promise<CheckedSignature | { readonly refusal: Refusal }> {
  const { header } = request
  if (header('signature') === undefined && header('signature-input') === undefined) {
    return { refusal: refuse('SIGNATURE_REQUIRED') }
  }
  // The received body selects the profile, not the signature: a body can be neither removed nor added.
  const signature = parseSignature(request.body.length > 0 ? appRequestWithBodyProfile : appRequestProfile, {
    signatureInput: header('signature-input'),
    signature: header('signature'),
  })
  if (!isInTime(signature, options)) return { refusal: expired(options) }
  const claimed = parseAppKeyid(signature.keyid)
  const keyHeader = header(appKeyHeader)
  if (claimed === null || keyHeader === undefined) return { refusal: refuse('SIGNATURE_MALFORMED') }
  const key = await presentedKey(keyHeader, options.keys)
  const isSigned =
    key.thumbprint === claimed.thumbprint && (await isSignatureOf(request, { signature, key, ...options }))
  if (!isSigned) return { refusal: refuse('SIGNATURE_INVALID') }
  // It may have been used before the nonce store was created; its client signs anew.
  const { startedAt = -Infinity } = options.nonces
  if (signature.created < startedAt) return { refusal: expired(options, startedAt) }
  return { owner: claimed.owner, signature, key }
}

async function checkNonce(signature: ParsedSignature, options: CheckOptions): Promise<Refusal | null> {
  const isNew = await consume(options.nonces, signature)
  if (isNew === null) return refuse('UNAVAILABLE')
  if (!isNew) return refuse('SIGNATURE_REPLAYED')
  // Checked again after the waits: the store may forget a nonce once its signature has expired.
  return isInTime(signature, options) ? null : expired(options)
}

type Clock = Pick<AuthenticatorOptions, 'nowMs'>

function isInTime({ created, expires }: ParsedSignature, { nowMs }: Clock): boolean {
  const now = nowMs() / 1000
  return now >= created - limits.signatureClockSkewSeconds && now <= expires
}

/**
 * @param notBefore Unix seconds from which on a signature is taken: not a whole second ahead, so that its client need
 * not wait
 */
function expired({ nowMs }: Clock, notBefore = -Infinity): Refusal {
  return refuse('SIGNATURE_EXPIRED', { serverTime: new Date(Math.max(nowMs(), notBefore * 1000)) })
}

async function presentedKey(header: string, keys: LruMap<PresentedKey>): Promise<PresentedKey> {
  const known = keys.get(header)
  if (known !== undefined) return known
  const jwk = parseAppKey(header)
  const key = { jwk, thumbprint: await thumbprintOf(jwk), cryptoKey: await importSigningKey(jwk) }
  keys.set(header, key)
  return key
}

async function isSignatureOf(
  { method, target, header, body }: ReceivedRequest,
  {
    signature,
    key,
    origins,
  }: { readonly signature: ParsedSignature; readonly key: PresentedKey; readonly origins: readonly string[] },
): Promise<boolean> {
  if (!target.startsWith('/')) return false
  const digest = body.length > 0 ? await contentDigest(body) : undefined
  const contentType = header('content-type')
  if (digest !== undefined && (header('content-digest') !== digest || contentType === undefined)) return false
  for (const origin of origins) {
    const values = {
      '@method': method,
      '@target-uri': `${origin}${target}`,
      [appKeyHeader]: header(appKeyHeader) ?? '',
      ...(digest !== undefined && { 'content-type': contentType ?? '', 'content-digest': digest }),
    }
    if (await verifySignature(signature, key, values)) return true
  }
  return false
}

/** Time-out of a nonce store, in milliseconds. */
const nonceTimeoutMs = 2000

/** Whether the nonce is new; null when the store fails or does not answer in time. */
async function consume(
  nonces: NonceStore,
  { keyid, nonce, expires }: ParsedSignature,
): Promise<boolean | null> {
  try {
    const isNew = nonces.consume(`${keyid}/${nonce}`, expires)
    const outcome = typeof isNew === 'boolean' ? isNew : await withTimeout(isNew, nonceTimeoutMs)
    return outcome === 'timeout' ? null : outcome
  } catch {
    return null
  }
}

/** A parser's refusal keeps its code. Any other error is a fault of this server, and the request is refused. */
function toRefusal(error: unknown): Authentication {
  if (error instanceof KeyServerError && error.details.reason === 'SIGNATURE_MALFORMED') {
    return { refusal: refuse('SIGNATURE_MALFORMED', { message: error.message }) }
  }
  return { refusal: refuse('INTERNAL_SERVER_ERROR') }
}

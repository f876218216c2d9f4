import { applicationServerName } from '../../schema/wire/application-server.ts'
import { limits } from '../../schema/wire/limits.ts'
import { originsOf } from '../request-signing/origins.ts'
import { keyServerOrigin } from '../transport/endpoint.ts'
import type { Fetch } from '../transport/signing-fetch.ts'
import { createLookUp } from './look-up.ts'
import { authenticator, type Authenticate } from './authenticate.ts'
import { checkCertificates, type CertificateOptions } from './proofs/certificates.ts'
import { isolateListener, type EventListener } from './events.ts'
import { FreshnessLease } from './freshness/freshness-lease.ts'
import { registerFreshnessLease } from './freshness/freshness-lease-of.ts'
import { fetchedKeySet, pinnedKeySet, type JwkSet } from './proofs/key-set.ts'
import { systemClocks, type VerifierClocks } from './clock-reading.ts'
import { memoryNoncesWith, type NonceStore } from './nonces.ts'
import { createBatcher } from './batcher.ts'
import { checkSignedAnswers, type AnswerChecker } from './proofs/signed-answers.ts'
import type { VerificationResult } from './result.ts'
import { ResultCache } from './cache.ts'
import { createVerificationService } from './verification-service.ts'
import { asVerifierError } from '../verifier-error.ts'

export interface VerifierOptions {
  /** The key server's origin, e.g. `https://keys.example`. */
  readonly url: string
  /** This application server's name, as its clients store keys for it. Compared character by character. */
  readonly applicationServer: string
  /** The origins under which clients reach it; they sign the origin. Default: its name, when that is an origin. */
  readonly origins?: readonly string[] | undefined
  /** How long a valid key is cached, in seconds: 0 to 60, with signed answers to 300. Default: 60. */
  readonly cacheSeconds?: number | undefined
  /** How long another result is cached, in seconds: 0 to 60. Default: 5. A revoked key is cached for `cacheSeconds`. */
  readonly negativeCacheSeconds?: number | undefined
  /** Maximum number of cached valid keys, and of cached other results. Default: 10,000. */
  readonly cacheEntriesMax?: number | undefined
  /** Time-out of one attempt in milliseconds; there are at most three. Default: 2,000. */
  readonly timeoutMs?: number | undefined
  /** While the key server cannot be reached: refuse (the default), or accept keys that were valid before. */
  readonly whenUnavailable?: 'refuse' | 'serve-stale' | undefined
  /** With `serve-stale`: how long after the answer, in seconds, at most 86,400. Default: 3,600. Never beyond the key's term. */
  readonly staleSeconds?: number | undefined
  /** Accept only answers that the key server signed. Default: off. */
  readonly signedAnswers?: SignedAnswerOptions | undefined
  /** Require a certificate by the owner, for owners whose management keys are pinned. Default: off. */
  readonly certificates?: CertificateOptions | undefined
  /** Accept only keys that have signed that their holder stored them: `unproved` otherwise. Default: false. */
  readonly requirePossession?: boolean | undefined
  /** Store of consumed nonces. Default: in memory, for one process. */
  readonly nonces?: NonceStore | undefined
  /** Maximum size of a request's body in bytes. Default: 1 MiB. */
  readonly bodyBytesMax?: number | undefined
  /** Time-out of a request's body in milliseconds. Default: 10,000. */
  readonly bodyTimeoutMs?: number | undefined
  /** For metrics. Its errors are ignored. */
  readonly onEvent?: EventListener | undefined
  /** Sends the requests to the key server. Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined
}

export interface SignedAnswerOptions {
  /** The key server's public keys as a JWK Set, or `fetch` to read them from its `/.well-known/jwks.json`. */
  readonly jwks: JwkSet | 'fetch'
  /** The key server's public URL, when it differs from `url`. Default: the origin of `url`. */
  readonly issuer?: string | undefined
}

/** Verifies public keys and authenticates signed requests for one application server. */
export interface Verifier {
  /** The key server's origin. */
  readonly url: string
  readonly applicationServer: string
  /**
   * Verifies a public key. When the key server cannot be reached the status is `unavailable`, and nothing is thrown.
   *
   * @throws {VerifierError} PUBLIC_KEY_INVALID when `publicKey` is not an acceptable public key in one of the forms.
   */
  verify(query: { readonly owner: string; readonly publicKey: unknown }): Promise<VerificationResult>
  /** Authenticates a request. The middleware uses it. */
  readonly authenticate: Authenticate
  /** Removes one key of an owner, or all, from the cache: the next verification looks it up. */
  invalidate(which: { readonly owner: string; readonly thumbprint?: string | undefined }): void
  /** Removes a public key from the cache, under all owners, by its thumbprint. */
  forgetKey(thumbprint: string): void
  /** Empties the cache. Consumed nonces stay consumed. */
  clear(): void
  readonly bodyBytesMax: number
  readonly bodyTimeoutMs: number
}

/**
 * Creates a verifier. It sends nothing yet. An application server needs one, which has the cache.
 *
 * @throws {VerifierError} URL_INVALID. @throws {TypeError} or {RangeError} for other invalid options.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  return createVerifierWith(options, systemClocks)
}

/** As {@link createVerifier}, on other clocks: for tests. */
export function createVerifierWith(options: VerifierOptions, clocks: VerifierClocks): Verifier {
  const { nowMs, monotonicMs } = clocks
  const { fetch, signedAnswers, certificates, whenUnavailable = 'refuse' } = options
  const { timeoutMs = 2000, bodyBytesMax = 1024 * 1024, bodyTimeoutMs = 10_000 } = options
  assertName(options.applicationServer)
  const applicationServer = applicationServerName(options.applicationServer)
  assertChoices({ whenUnavailable, signedAnswers, certificates })
  const url = originOf(options.url)
  const onEvent = isolateListener(options.onEvent)
  const freshness = new FreshnessLease(clocks)
  const entriesMax = inRange('cacheEntriesMax', options.cacheEntriesMax, {
    min: 1,
    max: 10_000_000,
    byDefault: 10_000,
  })
  const lookUpMany = createLookUp({
    url,
    applicationServer,
    fetch,
    timeoutMs,
    checkAnswer: answerChecker(options, { url, applicationServer, timeoutMs, onEvent, clocks }),
    checkCertificate:
      certificates === undefined
        ? null
        : checkCertificates({ ...certificates, applicationServer, entriesMax, onEvent, nowMs }),
    requirePossession: options.requirePossession === true,
    onEvent,
    clocks,
  })
  const { verify, verifyParsed, invalidate, forgetKey, clear } = createVerificationService({
    lookUp: createBatcher({ lookUpMany, applicationServer, monotonicMs }),
    cache: new ResultCache({ freshness, entriesMax, ...cacheTimes(options), clocks }),
    clocks,
    onEvent,
  })
  const authenticate = authenticator({
    origins: originsOf(applicationServer, options.origins),
    nonces: options.nonces ?? memoryNoncesWith({}, { nowMs, monotonicMs }),
    verify: verifyParsed,
    onEvent,
    nowMs,
  })
  const verifier: Verifier = {
    url,
    applicationServer,
    verify,
    authenticate,
    invalidate,
    forgetKey,
    clear,
    bodyBytesMax,
    bodyTimeoutMs,
  }
  registerFreshnessLease(verifier, freshness)
  return verifier
}

/** How long results are cached, in seconds. */
function cacheTimes(options: VerifierOptions) {
  const cacheSecondsMax = options.signedAnswers === undefined ? 60 : limits.answerSecondsMax
  return {
    cacheSeconds: inRange('cacheSeconds', options.cacheSeconds, { max: cacheSecondsMax, byDefault: 60 }),
    negativeCacheSeconds: inRange('negativeCacheSeconds', options.negativeCacheSeconds, {
      max: 60,
      byDefault: 5,
    }),
    staleSeconds:
      options.whenUnavailable === 'serve-stale'
        ? inRange('staleSeconds', options.staleSeconds, { max: 86_400, byDefault: 3600 })
        : 0,
  }
}

/** Null: answers need not be signed. */
function answerChecker(
  { signedAnswers, fetch }: VerifierOptions,
  {
    url,
    applicationServer,
    timeoutMs,
    onEvent,
    clocks: { nowMs, monotonicMs },
  }: {
    readonly url: string
    readonly applicationServer: string
    readonly timeoutMs: number
    readonly onEvent: EventListener
    readonly clocks: VerifierClocks
  },
): AnswerChecker | null {
  if (signedAnswers === undefined) return null
  const { jwks, issuer = url } = signedAnswers
  const keySet =
    jwks === 'fetch' ? fetchedKeySet({ origin: url, fetch, timeoutMs, monotonicMs }) : pinnedKeySet(jwks)
  return checkSignedAnswers({ issuer, applicationServer, keySet, onEvent, nowMs })
}

function originOf(url: string): string {
  try {
    return keyServerOrigin(url)
  } catch (error) {
    throw asVerifierError(error)
  }
}

/** Rejects a name that the key server would refuse in every query. */
function assertName(applicationServer: string): void {
  const { length } = applicationServer
  if (length < 1 || length > limits.applicationServerCharactersMax || !applicationServer.isWellFormed()) {
    throw new RangeError(
      `applicationServer has 1 to ${String(limits.applicationServerCharactersMax)} characters.`,
    )
  }
}

/** Rejects misspelt choices, which would otherwise switch a check off silently for callers without types. */
function assertChoices({
  whenUnavailable,
  signedAnswers,
  certificates,
}: Pick<VerifierOptions, 'whenUnavailable' | 'signedAnswers' | 'certificates'>): void {
  const choices: readonly unknown[] = ['refuse', 'serve-stale']
  const { jwks }: Partial<SignedAnswerOptions> = signedAnswers ?? {}
  const isRight = [
    choices.includes(whenUnavailable),
    signedAnswers === undefined || jwks === 'fetch' || Array.isArray(jwks?.keys),
    certificates === undefined || typeof certificates.pinsOf === 'function',
  ]
  if (isRight.includes(false)) {
    throw new TypeError(
      "whenUnavailable is 'refuse' or 'serve-stale', signedAnswers has jwks, certificates has a function pinsOf.",
    )
  }
}

function inRange(
  name: string,
  value: number | undefined,
  { min = 0, max, byDefault }: { min?: number; max: number; byDefault: number },
): number {
  if (value === undefined) return byDefault
  if (value >= min && value <= max) return value
  throw new RangeError(`${name} is ${String(min)} to ${String(max)}.`)
}

import { limits } from '../../schema/wire/limits.ts'
import { originsOf } from '../request-signing/origins.ts'
import { keyServerOrigin } from '../transport/endpoint.ts'
import type { Fetch } from '../transport/signing-fetch.ts'
import { createLookUp } from './lookup.ts'
import { authenticator, type Authenticate } from './authenticate.ts'
import { checkCertificates, type CertificateOptions } from './proofs/certificates.ts'
import { isolateListener, type EventListener } from './events.ts'
import { FreshnessLease } from './freshness/freshness-lease.ts'
import { registerCacheTrust } from './freshness/cache-trust-of.ts'
import { fetchedKeySet, pinnedKeySet, type JwkSet } from './proofs/key-set.ts'
import { systemClocks, type VerifierClocks } from './clock-reading.ts'
import { memoryNoncesWith, type NonceStore } from './nonces.ts'
import { batchLookUps } from './batcher.ts'
import { checkSignedAnswers } from './proofs/signed-answers.ts'
import type { VerificationResult } from './result.ts'
import { ResultCache } from './cache.ts'
import { createVerificationService } from './verification-service.ts'
import { asVerifierError } from '../verifier-error.ts'

export interface VerifierOptions {
  /** The key server's origin, e.g. `https://keys.example`. */
  readonly url: string
  /** This application server's name, as its clients store keys for it. Compared character by character. */
  readonly applicationServer: string
  /** The origins that clients know it by, for what they sign. Default: the origin that its name is. */
  readonly origins?: readonly string[] | undefined
  /** How long a valid key is believed without asking, 0 to 60 (with signed answers to 300). Default: 60. */
  readonly cacheSeconds?: number | undefined
  /** How long a refused key is refused without asking, 0 to 60. Default: 5. A revoked key: `cacheSeconds`. */
  readonly negativeCacheSeconds?: number | undefined
  /** Keys to remember; refused ones are counted apart. Default: 10,000. */
  readonly cacheEntriesMax?: number | undefined
  /** One attempt to ask; there are three at most. Default: 2,000. */
  readonly timeoutMs?: number | undefined
  /** When the key server is out of reach: refuse (the default), or let in whom it said to be valid before. */
  readonly whenUnavailable?: 'refuse' | 'serve-stale' | undefined
  /** With `serve-stale`: for how long after the answer, at most 86,400. Default: 3,600. Never beyond the key's term. */
  readonly staleSeconds?: number | undefined
  /** Believe only answers that the key server signed. Default: off. */
  readonly signedAnswers?: SignedAnswerOptions | undefined
  /** Believe only keys that their owner certified, where a management key of his is pinned. Default: off. */
  readonly certificates?: CertificateOptions | undefined
  /** Remembers which signatures were used. Default: in memory, good for one process. */
  readonly nonces?: NonceStore | undefined
  /** Largest body of a request, in bytes. Default: 1 MiB. */
  readonly bodyBytesMax?: number | undefined
  /** How long a request's body may take to arrive, in milliseconds. Default: 10,000. */
  readonly bodyTimeoutMs?: number | undefined
  /** For metrics. What it throws is ignored. */
  readonly onEvent?: EventListener | undefined
  /** How the key server is reached. Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined
}

export interface SignedAnswerOptions {
  /** The key server's public keys: given by hand, or `fetch` to read them at its `/.well-known/jwks.json`. */
  readonly jwks: JwkSet | 'fetch'
  /** Its public URL, when it is reached at another. Default: the origin of `url`. */
  readonly issuer?: string | undefined
}

/** Answers an application server whose key it was shown, and whether a request comes from its holder. */
export interface Verifier {
  /** The key server's origin. */
  readonly url: string
  readonly applicationServer: string
  /**
   * How a key stands. What can not be asked is `unavailable`, and no error.
   *
   * @throws {VerifierError} PUBLIC_KEY_INVALID when the key is no acceptable public key, in any of the forms.
   */
  verify(question: { readonly owner: string; readonly publicKey: unknown }): Promise<VerificationResult>
  /** Who sent this request. The middleware is made of this. */
  readonly authenticate: Authenticate
  /** Forgets what is known of one key, or of all keys of an owner: the next question is asked. */
  invalidate(which: { readonly owner: string; readonly thumbprint?: string | undefined }): void
  /** Forgets what is known of a public key by its thumbprint, whoever's it was said to be. */
  forgetKey(thumbprint: string): void
  /** Forgets all standings. Used nonces are not forgotten. */
  clear(): void
  readonly bodyBytesMax: number
  readonly bodyTimeoutMs: number
}

/**
 * Makes a verifier. Asks nothing yet. One is enough for an application server: it has the cache.
 *
 * @throws {VerifierError} URL_INVALID. @throws {TypeError} or {RangeError} for other options that can not be.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  return createVerifierWith(options, systemClocks)
}

/** As {@link createVerifier}, on other clocks: for tests. */
export function createVerifierWith(options: VerifierOptions, clocks: VerifierClocks): Verifier {
  const { nowMs, monotonicMs } = clocks
  const { applicationServer, fetch, signedAnswers, certificates, whenUnavailable = 'refuse' } = options
  const { timeoutMs = 2000, bodyBytesMax = 1024 * 1024, bodyTimeoutMs = 10_000 } = options
  assertName(applicationServer)
  assertChoices({ whenUnavailable, signedAnswers, certificates })
  const url = originOf(options.url)
  const onEvent = isolateListener(options.onEvent)
  const cacheSecondsMax = signedAnswers === undefined ? 60 : limits.answerSecondsMax
  const cacheTrust = new FreshnessLease(clocks)
  const entriesMax = inRange('cacheEntriesMax', options.cacheEntriesMax, {
    min: 1,
    max: 10_000_000,
    byDefault: 10_000,
  })
  const cache = new ResultCache({
    trust: cacheTrust,
    entriesMax,
    cacheSeconds: inRange('cacheSeconds', options.cacheSeconds, {
      max: cacheSecondsMax,
      byDefault: 60,
    }),
    negativeCacheSeconds: inRange('negativeCacheSeconds', options.negativeCacheSeconds, {
      max: 60,
      byDefault: 5,
    }),
    staleSeconds:
      whenUnavailable === 'serve-stale'
        ? inRange('staleSeconds', options.staleSeconds, { max: 86_400, byDefault: 3600 })
        : 0,
    clocks,
  })
  const keySet =
    signedAnswers === undefined
      ? null
      : signedAnswers.jwks === 'fetch'
        ? fetchedKeySet({ origin: url, fetch, timeoutMs, monotonicMs })
        : pinnedKeySet(signedAnswers.jwks)
  const issuer = signedAnswers?.issuer ?? url
  const checkAnswer =
    keySet === null ? null : checkSignedAnswers({ issuer, applicationServer, keySet, onEvent, nowMs })
  const checkCertificate =
    certificates === undefined
      ? null
      : checkCertificates({ ...certificates, applicationServer, entriesMax, onEvent, nowMs })
  const askAll = createLookUp({
    url,
    applicationServer,
    fetch,
    timeoutMs,
    checkAnswer,
    checkCertificate,
    onEvent,
    clocks,
  })
  const ask = batchLookUps({ askAll, applicationServer, monotonicMs })
  const { verify, verifyParsed, invalidate, forgetKey, clear } = createVerificationService({
    ask,
    cache,
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
  registerCacheTrust(verifier, cacheTrust)
  return verifier
}

function originOf(url: string): string {
  try {
    return keyServerOrigin(url)
  } catch (error) {
    throw asVerifierError(error)
  }
}

/** What the key server would refuse in every question. */
function assertName(applicationServer: string): void {
  const { length } = applicationServer
  if (length < 1 || length > limits.applicationServerCharactersMax || !applicationServer.isWellFormed()) {
    throw new RangeError(
      `applicationServer has 1 to ${String(limits.applicationServerCharactersMax)} characters.`,
    )
  }
}

/** What a typo, or a caller without types, would otherwise leave switched off without a word. */
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

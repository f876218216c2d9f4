import { sql as fragment } from 'drizzle-orm'
import { KeyServerError, signatureRefused, type SignatureRefusal } from '../../schema/wire/errors.ts'
import type { SigningJwk } from '../../schema/wire/keys/jwk.ts'
import { limits } from '../../schema/wire/limits.ts'
import {
  algorithmOf,
  importSigningKey,
  verifySignature,
  type ParsedSignature,
} from '../../schema/wire/signatures/http-signature.ts'
import type { Databases, Executor } from '../database/connect.ts'
import { runTransaction } from '../database/transaction.ts'
import type { PrincipalDirectory, PrincipalKind } from './principal-directory.ts'
import type { PresentedSignature, RequestCaller } from './signed-request.ts'

/** The management key that signed a request, and its account. */
export interface Signer {
  readonly accountId: string
  readonly managementKeyId: string
  /** What the claim of the signature consumes. */
  readonly claim: Claim
}

/** The key of an application server that signed a request. */
export interface ApplicationServerSigner {
  readonly applicationServerId: string
  readonly keyId: string
  readonly claim: Claim
}

/** Who signed a request, before it is known what for. */
export interface AnySigner {
  readonly kind: PrincipalKind
  /** The id of the account, or of the application server. */
  readonly principalId: string
  readonly keyId: string
  readonly claim: Claim
}

type Claim = Pick<ParsedSignature, 'nonce' | 'created' | 'expires'>

/** A transaction that consumed the request's nonce, and the database's clock when it did. */
export interface SignedTransaction extends Signer {
  readonly tx: Executor
  readonly now: Date
}

interface ActiveRow {
  readonly is_active: boolean
}

interface ClaimRow {
  readonly outcome: string
}

type ClaimOutcome = 'GRANTED' | 'NONCES_FORGOTTEN' | SignatureRefusal

/**
 * Checks request signatures: first the signature itself, then, in the transaction of the request's effect, that the
 * key is active, the time is right by the database's clock, and the nonce is new.
 */
export class Authentication {
  readonly #databases: Databases
  readonly #directory: PrincipalDirectory

  constructor(databases: Databases, directory: PrincipalDirectory) {
    this.#databases = databases
    this.#directory = directory
  }

  /**
   * Checks the signature alone, once for a request. The request has no effect yet, and its nonce is not consumed. An
   * application server is refused like an unknown key.
   */
  async verify(caller: RequestCaller): Promise<Signer> {
    const { principalId, keyId, claim } = ofKind('ACCOUNT', await this.identify(caller))
    return { accountId: principalId, managementKeyId: keyId, claim }
  }

  /** As `verify`, for what application servers sign. A management key is refused like an unknown key. */
  async verifyApplicationServer(caller: RequestCaller): Promise<ApplicationServerSigner> {
    const { principalId, keyId, claim } = ofKind('APPLICATION_SERVER', await this.identify(caller))
    return { applicationServerId: principalId, keyId, claim }
  }

  /** As `verify`, for what either may sign: a socket. */
  async identify(caller: RequestCaller): Promise<AnySigner> {
    caller.verification ??= this.#verify(requireSignature(caller))
    return caller.verification
  }

  async #verify(presented: PresentedSignature): Promise<AnySigner> {
    const { keyid } = presented.signature
    const { known, isRemembered } = await this.#directory.find(keyid)
    const isOfItsKind = known !== null && algorithmOf(known.jwk) === presented.signature.alg
    // An unknown key is checked against a stand-in, so that it takes the path and the time of a wrong signature.
    const isGood = await isSignedBy(presented, isOfItsKind ? known : await standIn(presented.signature))
    if (!isOfItsKind || !isGood) {
      // What was remembered is looked up all the same: the time is not to tell that such a key is in use.
      if (isRemembered) await this.#directory.lookUp(keyid)
      throw signatureRefused('SIGNATURE_INVALID')
    }
    return { kind: known.kind, principalId: known.principalId, keyId: keyid, claim: presented.signature }
  }

  /** Checks the whole of it and consumes the nonce, for a request whose effect is to read. */
  async claim(caller: RequestCaller): Promise<Signer> {
    const signer = await this.verify(caller)
    await this.#claimOnce(caller)
    return signer
  }

  /** As `claim`, for what application servers sign. */
  async claimApplicationServer(caller: RequestCaller): Promise<ApplicationServerSigner> {
    const signer = await this.verifyApplicationServer(caller)
    await this.#claimOnce(caller)
    return signer
  }

  /** As `claim`, for what either may sign: a socket. */
  async claimAsAny(caller: RequestCaller): Promise<AnySigner> {
    await this.#claimOnce(caller)
    return this.identify(caller)
  }

  async #claimOnce(caller: RequestCaller): Promise<void> {
    const signer = await this.identify(caller)
    await caller.inTurn(async () => {
      // A socket, and so its claim, may be old.
      const outcome = caller.isClaimed ? await this.#findActive(signer) : await this.#claimAlone(signer)
      await this.#assertGranted(outcome)
      caller.isClaimed = true
    })
  }

  /**
   * Runs `work` in the transaction that consumes the nonce. A refusal by `work` consumes it as well.
   *
   * @param options.lock takes locks before the management key is found to be active, so that it stays so until the end
   */
  async transaction<T>(
    caller: RequestCaller,
    work: (signed: SignedTransaction) => Promise<T>,
    { lock = takeNoLock }: { readonly lock?: (tx: Executor, accountId: string) => Promise<void> } = {},
  ): Promise<T> {
    const signer = await this.verify(caller)
    return caller.inTurn(async () => {
      try {
        const result = await runTransaction(this.#databases.writes.db, async (tx) => {
          await lock(tx, signer.accountId)
          const now = await this.#claimWithin(tx, caller, signer)
          return work({ ...signer, tx, now })
        })
        caller.isClaimed = true
        return result
      } catch (error) {
        const isRefusal = error instanceof KeyServerError && error.code !== 'UNAUTHENTICATED'
        if (isRefusal && !caller.isClaimed) {
          await this.#assertGranted(await this.#claimAlone(await this.identify(caller)))
          caller.isClaimed = true
        }
        throw error
      }
    })
  }

  /**
   * Runs `work` in a transaction for a request that is signed by the very key it registers. The nonce is consumed with
   * what `work` stores, or not at all. `work` is told the database's clock.
   */
  async registration<T>(
    caller: RequestCaller,
    signer: Omit<Signer, 'claim'> & { readonly jwk: SigningJwk },
    work: (tx: Executor, now: Date) => Promise<T>,
  ): Promise<T> {
    const presented = requireSignature(caller)
    const { signature } = presented
    const key = { jwk: signer.jwk, cryptoKey: await importSigningKey(signer.jwk) }
    const isGood = await isSignedBy(presented, key)
    if (!isGood || signature.keyid !== signer.managementKeyId) throw signatureRefused('SIGNATURE_INVALID')
    return caller.inTurn(async () => {
      const result = await runTransaction(this.#databases.writes.db, async (tx) => {
        const { nonce, created, expires } = signature
        const outcome = caller.isClaimed
          ? fragment`'GRANTED'`
          : fragment`consume_nonce(${signer.accountId}, ${signer.managementKeyId}, ${nonce}, ${created}, ${expires})`
        const [row] = await tx.execute<{ outcome: ClaimOutcome; nowMs: number }>(
          fragment`SELECT ${outcome} AS outcome,
            (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::double precision AS "nowMs"`,
        )
        await this.#assertGranted(row?.outcome)
        return work(tx, new Date(row?.nowMs ?? NaN))
      })
      caller.isClaimed = true
      return result
    })
  }

  /**
   * Turns an outcome of the database functions into a refusal.
   *
   * @throws {KeyServerError} UNAUTHENTICATED; UNAVAILABLE when a signature cannot be told from a replay
   */
  async assertClaimed(outcome: string | undefined): Promise<void> {
    if (outcome === 'SIGNATURE_INVALID' || outcome === 'SIGNATURE_REPLAYED') throw signatureRefused(outcome)
    if (outcome === 'SIGNATURE_EXPIRED') {
      const [row] = await this.#databases.reads.sql<{ now: Date }[]>`SELECT clock_timestamp() AS now`
      throw signatureRefused(outcome, row && { serverTime: row.now })
    }
    if (outcome === 'NONCES_FORGOTTEN') throw await this.#noncesForgotten()
  }

  async #noncesForgotten(): Promise<KeyServerError> {
    const [row] = await this.#databases.reads.sql<{ seconds: number }[]>`
      SELECT ceil(extract(epoch FROM expires_at - clock_timestamp()))::int AS seconds FROM forgotten_nonces`
    const retryAfterSeconds = Math.max(1, (row?.seconds ?? 0) - limits.signatureLifetimeSecondsMax)
    return new KeyServerError(
      'UNAVAILABLE',
      "The key server's clock was set back, to a time of which it no longer knows the signatures.",
      { retryAfterSeconds },
    )
  }

  async #assertGranted(outcome: string | undefined): Promise<void> {
    await this.assertClaimed(outcome)
    if (outcome !== 'GRANTED') throw new TypeError('The database answered a claim with an unknown outcome.')
  }

  async #findActive({ kind, principalId, keyId }: AnySigner): Promise<string> {
    const { sql } = this.#databases.reads
    const [row] =
      kind === 'ACCOUNT'
        ? await sql<ActiveRow[]>`SELECT is_active_management_key(${principalId}, ${keyId}) AS is_active`
        : await sql<
            ActiveRow[]
          >`SELECT is_active_application_server_key(${principalId}, ${keyId}) AS is_active`
    return row?.is_active === true ? 'GRANTED' : 'SIGNATURE_INVALID'
  }

  async #claimAlone({ kind, principalId, keyId, claim }: AnySigner): Promise<string | undefined> {
    const { nonce, created, expires } = claim
    const { sql } = this.#databases.writes
    const [row] =
      kind === 'ACCOUNT'
        ? await sql<ClaimRow[]>`
            SELECT claim_signature(${principalId}, ${keyId}, ${nonce}, ${created}, ${expires}) AS outcome`
        : await sql<ClaimRow[]>`
            SELECT claim_application_server_signature(${principalId}, ${keyId}, ${nonce}, ${created}, ${expires})
              AS outcome`
    return row?.outcome
  }

  async #claimWithin(tx: Executor, caller: RequestCaller, signer: Signer): Promise<Date> {
    const { nonce, created, expires } = signer.claim
    const outcome = caller.isClaimed
      ? fragment`CASE WHEN is_active_management_key(${signer.accountId}, ${signer.managementKeyId})
          THEN 'GRANTED' ELSE 'SIGNATURE_INVALID' END`
      : fragment`claim_signature(${signer.accountId}, ${signer.managementKeyId}, ${nonce}, ${created}, ${expires})`
    const [row] = await tx.execute<{ outcome: string; now: Date }>(
      fragment`SELECT ${outcome} AS outcome, clock_timestamp() AS now`,
    )
    await this.#assertGranted(row?.outcome)
    if (row === undefined) throw new TypeError('A claim has an outcome.')
    return row.now
  }
}

/** @throws {KeyServerError} UNAUTHENTICATED, the answer to an unknown key */
function ofKind(kind: PrincipalKind, signer: AnySigner): AnySigner {
  if (signer.kind !== kind) throw signatureRefused('SIGNATURE_INVALID')
  return signer
}

function takeNoLock(): Promise<void> {
  return Promise.resolve()
}

function requireSignature(caller: RequestCaller): PresentedSignature {
  if (caller.presented === null) throw signatureRefused('SIGNATURE_REQUIRED')
  return caller.presented
}

type VerifyingKey = Parameters<typeof verifySignature>[1]

async function isSignedBy(
  { signature, candidates }: PresentedSignature,
  key: VerifyingKey,
): Promise<boolean> {
  for (const values of candidates) {
    if (await verifySignature(signature, key, values)) return true
  }
  return false
}

/** Keys of RFC 8037 appendix A and RFC 7515 appendix A.3: nobody's. */
const standInJwks = {
  ed25519: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
  'ecdsa-p256-sha256': {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  },
} as const satisfies Record<ParsedSignature['alg'], SigningJwk>

async function standIn({ alg }: ParsedSignature): Promise<VerifyingKey> {
  const jwk = standInJwks[alg]
  return { jwk, cryptoKey: await importSigningKey(jwk) }
}

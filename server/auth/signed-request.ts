import { sql as fragment, type SQL } from 'drizzle-orm'
import { KeyServerError, signatureRefused } from '../../schema/wire/errors.ts'
import type { AccountId } from '../../schema/wire/brands.ts'
import type { SigningJwk } from '../../schema/wire/keys/jwk.ts'
import type { StatementVerifier } from '../../schema/wire/statements/statement.ts'
import type { Databases, Executor } from '../database/connect.ts'
import type { DatabaseNodes } from '../database/distribution/nodes.ts'
import type { ClientRates } from '../rate-limits/client-rates.ts'
import { diskBytes } from '../rate-limits/disk-bytes.ts'
import type { ServerRates } from '../rate-limits/server-rates.ts'
import { runTransaction } from '../database/transaction.ts'
import { noteAccount } from '../observation/request-report.ts'
import { assertGranted, consumeNonce, isActive, isNonceRefusal, parseConsumption } from './nonces.ts'
import type {
  AccountPrincipal,
  ApplicationServerPrincipal,
  Principal,
  PrincipalId,
  SignatureNonce,
} from './principal.ts'
import { PrincipalDirectory } from './principal-directory.ts'
import {
  assertSelfSigned,
  SignatureVerifier,
  type ReceivedSignature,
  type VerifiedSignature,
} from './signature-verifier.ts'

/** Makes a {@link SignedRequest} from the signature that a transport received. */
export interface Authenticator {
  /**
   * @param received null for a request without a signature
   * @param clientAddress the client that sent it
   * @param bodyBytes the size of its body
   */
  request(received: ReceivedSignature | null, clientAddress: string, bodyBytes?: number): SignedRequest
  /** Looks a management key up anew when it signs next: it was revoked, perhaps with its whole account. */
  forget(managementKeyId: string): void
}

/**
 * @param options.rates what is counted: signatures that do not verify, and bytes of those that do
 * @param options.recordsAddresses the audit log has the addresses of clients
 */
export function createAuthenticator(
  databases: Databases,
  {
    rates,
    recordsAddresses,
    nodes,
  }: {
    readonly rates: ServerRates
    readonly recordsAddresses: boolean
    readonly nodes: Pick<DatabaseNodes, 'findManagementKey'>
  },
): Authenticator {
  const directory = new PrincipalDirectory(databases.reads.db, nodes)
  const verifier = new SignatureVerifier(directory)
  return {
    request: (received, clientAddress, bodyBytes = 0) =>
      new SignedRequest(received, {
        verifier,
        databases,
        rates: rates.of(clientAddress),
        bodyBytes,
        address: recordsAddresses ? clientAddress : null,
      }),
    forget: (managementKeyId) => {
      directory.forget(managementKeyId)
    },
  }
}

/** A transaction that consumed the request's nonce, and the database's clock when it did. */
export interface SignedTransaction extends AccountPrincipal {
  readonly tx: Executor
  readonly now: Date
  /** The client's, for the audit log; null where addresses are not recorded. */
  readonly address: string | null
}

/** The parameters of a statement that consumes the nonce itself. `nonce` is null when an earlier field consumed it. */
export interface NonceToConsume extends AccountPrincipal {
  readonly nonce: string | null
  readonly created: number
  readonly expires: number
  /** As in {@link SignedTransaction}. */
  readonly address: string | null
}

/** The transaction of a request that is signed with the key that it registers. */
export type RegistrationTransaction = Omit<SignedTransaction, keyof AccountPrincipal>

/** Options of {@link SignedRequest.verifyOwner}. */
interface OwnerOptions {
  readonly onForbidden?: (signed: SignedTransaction) => Promise<void>
}

export interface TransactionOptions {
  /** Takes locks before the check that the management key is active, so that it stays active until the end. */
  readonly lock?: (tx: Executor, accountId: AccountId) => Promise<void>
  /** Whether a management key of the kind VIEWER may do it. Default: false. */
  readonly allowsViewer?: boolean
}

/**
 * One request and its signature: received, verified, nonce consumed, in this order. It owns that state, and nothing
 * outside can set it.
 *
 * The signature itself is verified first, once. Then, in the transaction of the request's effect, the database checks that
 * the key is active, that its clock is between `created` and `expires`, and that the nonce is new. The fields of one request
 * run one after the other, so that the first one consumes the nonce.
 */
export class SignedRequest {
  readonly #received: ReceivedSignature | null
  readonly #verifier: SignatureVerifier
  readonly #databases: Databases
  readonly #address: string | null
  readonly #rates: ClientRates
  readonly #bodyBytes: number
  #verified: Promise<VerifiedSignature> | null = null
  #isNonceConsumed = false
  #lastTurn: Promise<unknown> = Promise.resolve()

  /** @param received null for a request without a signature */
  constructor(
    received: ReceivedSignature | null,
    {
      verifier,
      databases,
      rates,
      bodyBytes,
      address,
    }: {
      readonly verifier: SignatureVerifier
      readonly databases: Databases
      readonly rates: ClientRates
      readonly bodyBytes: number
      readonly address: string | null
    },
  ) {
    this.#received = received
    this.#verifier = verifier
    this.#databases = databases
    this.#address = address
    this.#rates = rates
    this.#bodyBytes = bodyBytes
  }

  get hasSignature(): boolean {
    return this.#received !== null
  }

  /** The nonce was consumed, in a committed transaction. */
  get isNonceConsumed(): boolean {
    return this.#isNonceConsumed
  }

  /**
   * Verifies the signature as an account's. The nonce is not consumed yet. An application server's key is refused like an
   * unknown key.
   */
  async verify(): Promise<AccountPrincipal> {
    const principal = await this.identify()
    if (principal.kind !== 'ACCOUNT') throw signatureRefused('SIGNATURE_INVALID')
    noteAccount(principal.principalId)
    return { accountId: principal.principalId, managementKeyId: principal.keyId }
  }

  /**
   * As {@link verify}, for what a management key of the kind VIEWER may not do.
   *
   * @param options.onForbidden stores what is to be known of the refusal, in the transaction that consumes the nonce
   * @throws {KeyServerError} FORBIDDEN for a VIEWER, whose nonce is then consumed
   */
  async verifyOwner({ onForbidden = doNothing }: OwnerOptions = {}): Promise<AccountPrincipal> {
    const account = await this.verify()
    const principal = await this.identify()
    if (principal.kind !== 'ACCOUNT' || !principal.isViewer) return account
    await this.transaction(onForbidden, { allowsViewer: true })
    throw new KeyServerError('FORBIDDEN', 'A management key of the kind VIEWER reads, and changes nothing.')
  }

  /** As {@link verify}, for requests of application servers. A management key is refused like an unknown key. */
  async verifyApplicationServer(): Promise<ApplicationServerPrincipal> {
    const principal = await this.identify()
    if (principal.kind !== 'APPLICATION_SERVER') throw signatureRefused('SIGNATURE_INVALID')
    return { applicationServerId: principal.principalId, keyId: principal.keyId }
  }

  /** As {@link verify}, for what either kind of principal may sign: a socket. */
  async identify(): Promise<Principal> {
    const { principal } = await this.#verifyOnce()
    return principal
  }

  /** The registered key that has verified the signature: it verifies the signer's statements too. */
  async verifier(): Promise<StatementVerifier> {
    const { principal, key } = await this.#verifyOnce()
    return { signingKey: key.jwk, cryptoKey: key.cryptoKey, kid: principal.keyId }
  }

  /**
   * Verifies the signature and consumes the nonce, for a request that only reads. Called again, it checks that the key is
   * still active.
   */
  async consumeNonce(): Promise<Principal> {
    const principal = await this.identify()
    await this.#runInTurn(async () => {
      // A socket may have been open for hours since its nonce was consumed.
      if (this.#isNonceConsumed) {
        await assertGranted(await isActive(this.#databases.reads.sql, principal), this.#databases)
      } else await this.#consumeAlone(principal)
    })
    return principal
  }

  /** As {@link consumeNonce}, for an account. */
  async consumeNonceOfAccount(): Promise<AccountPrincipal> {
    const account = await this.verify()
    await this.consumeNonce()
    return account
  }

  /**
   * Runs `work` in the transaction that consumes the nonce. When `work` refuses the request, it is consumed as well.
   *
   * @throws {KeyServerError} RATE_LIMITED when too much is written; the nonce is not consumed then
   */
  async transaction<T>(
    work: (signed: SignedTransaction) => Promise<T>,
    { lock = doNothing, allowsViewer = false }: TransactionOptions = {},
  ): Promise<T> {
    const account = await (allowsViewer ? this.verify() : this.verifyOwner())
    this.takeChange(account)
    return this.#runInTurn(async () => {
      try {
        const result = await runTransaction(this.#databases.writes.db, async (tx) => {
          await lock(tx, account.accountId)
          const now = await this.#consumeWithin(tx, account)
          return work({ ...account, tx, now, address: this.#address })
        })
        this.#isNonceConsumed = true
        return result
      } catch (error) {
        const isRefusal = error instanceof KeyServerError && error.code !== 'UNAUTHENTICATED'
        if (isRefusal && !this.#isNonceConsumed) await this.#consumeAlone(await this.identify())
        throw error
      }
    })
  }

  /** Counts a change that is about to be written. @throws {KeyServerError} RATE_LIMITED when too much is written */
  takeChange({ accountId }: Pick<AccountPrincipal, 'accountId'>): void {
    this.#rates.take('written-bytes', { cost: diskBytes.change, principalId: accountId })
  }

  /**
   * Runs one statement that consumes the nonce itself. `outcome` is GRANTED, a reason why the signature is refused, or
   * another refusal, which has consumed the nonce.
   */
  async statement<T extends { readonly outcome: string }>(
    run: (nonce: NonceToConsume) => Promise<T>,
  ): Promise<T> {
    const account = await this.verifyOwner()
    return this.#runInTurn(async () => {
      const { nonce, created, expires } = this.#nonce()
      const result = await run({
        ...account,
        nonce: this.#isNonceConsumed ? null : nonce,
        created,
        expires,
        address: this.#address,
      })
      if (isNonceRefusal(result.outcome)) await assertGranted(result.outcome, this.#databases)
      this.#isNonceConsumed = true
      return result
    })
  }

  /**
   * Runs `work` in a transaction for a request that is signed with the key that it registers. The nonce is consumed with
   * what `work` stores, or not at all.
   *
   * @throws {KeyServerError} RATE_LIMITED when too much is written
   */
  async registration<T>(
    key: { readonly principalId: PrincipalId; readonly keyId: string; readonly jwk: SigningJwk },
    work: (registration: RegistrationTransaction) => Promise<T>,
  ): Promise<T> {
    await assertSelfSigned(this.#requireSignature(), key)
    const cost = this.#bodyBytes + diskBytes.signedRequest + diskBytes.registration
    this.#rates.take('written-bytes', { cost })
    return this.#runInTurn(async () => {
      const result = await runTransaction(this.#databases.writes.db, async (tx) => {
        const { nonce, created, expires } = this.#nonce()
        const outcome = this.#isNonceConsumed
          ? fragment`'GRANTED'`
          : fragment`consume_nonce(${key.principalId}, ${key.keyId}, ${nonce}, ${created}, ${expires})`
        return work({ tx, now: await this.#assertConsumed(tx, outcome), address: this.#address })
      })
      this.#isNonceConsumed = true
      return result
    })
  }

  #verifyOnce(): Promise<VerifiedSignature> {
    this.#verified ??= this.#verifySignature()
    return this.#verified
  }

  /**
   * @throws {KeyServerError} RATE_LIMITED after too many failures at this address, whoever signed; or when too much is
   * written
   */
  async #verifySignature(): Promise<VerifiedSignature> {
    const received = this.#requireSignature()
    this.#rates.assertLeft('signature-failures')
    const verified = await this.#verifier.verify(received).catch((error: unknown) => {
      if (error instanceof KeyServerError) this.#rates.tryTake('signature-failures')
      throw error
    })
    const { principalId } = verified.principal
    this.#rates.take('written-bytes', { cost: this.#bodyBytes + diskBytes.signedRequest, principalId })
    return verified
  }

  async #consumeAlone(principal: Principal): Promise<void> {
    const outcome = await consumeNonce(this.#databases.writes.sql, principal, this.#nonce())
    await assertGranted(outcome, this.#databases)
    this.#isNonceConsumed = true
  }

  async #consumeWithin(tx: Executor, { accountId, managementKeyId }: AccountPrincipal): Promise<Date> {
    const { nonce, created, expires } = this.#nonce()
    const outcome = this.#isNonceConsumed
      ? fragment`CASE WHEN is_active_management_key(${accountId}, ${managementKeyId})
          THEN 'GRANTED' ELSE 'SIGNATURE_INVALID' END`
      : fragment`consume_management_key_nonce(${accountId}, ${managementKeyId}, ${nonce}, ${created}, ${expires})`
    return this.#assertConsumed(tx, outcome)
  }

  /** Runs an expression that consumes the nonce. @returns the database's clock */
  async #assertConsumed(tx: Executor, outcome: SQL): Promise<Date> {
    const [row] = await tx.execute(fragment`SELECT ${outcome} AS outcome, clock_timestamp() AS now`)
    const consumption = parseConsumption(row)
    await assertGranted(consumption.outcome, this.#databases)
    return consumption.now
  }

  /** Runs `work` after everything that was passed before. */
  #runInTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(work)
    this.#lastTurn = turn.catch(() => undefined)
    return turn
  }

  #nonce(): SignatureNonce {
    return this.#requireSignature().signature
  }

  #requireSignature(): ReceivedSignature {
    if (this.#received === null) throw signatureRefused('SIGNATURE_REQUIRED')
    return this.#received
  }
}

function doNothing(): Promise<void> {
  return Promise.resolve()
}

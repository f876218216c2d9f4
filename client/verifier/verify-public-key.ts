import { isPossessionProved } from '../crypto/verify-possession.ts'
import { applicationServerName } from '../../schema/wire/application-server.ts'
import { InvalidJwk, type PublicJwk } from '../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { limits } from '../../schema/wire/limits.ts'
import { parsePublicKey } from '../../schema/wire/keys/forms/public-key.ts'
import { VaultError } from '../errors.ts'
import type { Operation } from '../transport/graphql.ts'
import { VerifierError, withVerifierErrors } from '../verifier-error.ts'
import type { ConnectionOptions } from '../transport/connection-options.ts'
import { unsignedClient } from '../transport/unsigned-client.ts'
import type { VerificationResult } from './result.ts'
import {
  parseUnsignedAnswer,
  statusOf,
  unsignedAnswerFields,
  type UnsignedAnswer,
} from './unsigned-answer.ts'

/** A query: is this public key that owner's, for this application server, and valid now? */
export interface PublicKeyQuery {
  /** The account's name. */
  readonly owner: string
  readonly applicationServer: string
  /**
   * The key as received: a JWK, PEM (`PUBLIC KEY`), an OpenSSH line, DER (SubjectPublicKeyInfo) in a Uint8Array, or
   * an extractable public CryptoKey.
   */
  readonly publicKey: unknown
}

/** The key server to ask, and how. */
export interface VerifyPublicKeyOptions extends ConnectionOptions {
  /** The key server's origin. */
  readonly url: string
  /** As the option of {@link createVerifier}: a valid key without a proof of possession is `unproved`. Default: false. */
  readonly requirePossession?: boolean | undefined
}

/**
 * Verifies one public key at a key server, without a cache. The request is unsigned: anybody may verify a key.
 *
 * @throws {VerifierError} PUBLIC_KEY_INVALID when the key is not an acceptable public key; nothing is sent then, because it
 *   may be a private key. NETWORK, TIMEOUT, ANSWER_MALFORMED: the key is not verified. URL_INVALID.
 * @throws {KeyServerError} BAD_USER_INPUT, RATE_LIMITED, UNAVAILABLE.
 */
export async function verifyPublicKey(
  query: PublicKeyQuery & VerifyPublicKeyOptions,
): Promise<VerificationResult> {
  const { owner, applicationServer, publicKey } = query
  const [result] = await verifyPublicKeys([{ owner, applicationServer, publicKey }], query)
  if (result === undefined) throw new TypeError('There are as many results as queries.')
  return result
}

/**
 * Verifies at most 100 public keys in one request, or in as many as large keys need.
 *
 * @returns the results in the order of `queries`.
 * @throws as {@link verifyPublicKey}.
 */
export function verifyPublicKeys(
  queries: readonly PublicKeyQuery[],
  options: VerifyPublicKeyOptions,
): Promise<VerificationResult[]> {
  return withVerifierErrors(() => verifyAll(queries, options))
}

async function verifyAll(
  queries: readonly PublicKeyQuery[],
  options: VerifyPublicKeyOptions,
): Promise<VerificationResult[]> {
  const inputs = await Promise.all(
    queries.map(async (query) => {
      const publicKey = await orUnacceptable(() => parsePublicKey(query.publicKey))
      return { ...query, applicationServer: applicationServerName(query.applicationServer), publicKey }
    }),
  )
  const client = unsignedClient(options)
  const requirePossession = options.requirePossession === true
  const operation = operationWith({ requirePossession })
  const requests = requestsOf(inputs, (input) => input)
  const answers = await Promise.all(requests.map((part) => client.run(operation, { inputs: part })))
  if (answers.some(({ length }, index) => length !== requests[index]?.length)) {
    throw new VaultError('ANSWER_MALFORMED')
  }
  const all = answers.flat()
  return Promise.all(inputs.map((input, index) => toResult(all[index], { input, requirePossession })))
}

/** Upper bound of a request without its inputs, in bytes. */
const documentBytesMax = 1024

/** Splits queries, in their order, into groups whose inputs fit into one unsigned request each. */
export function requestsOf<T>(queries: readonly T[], inputOf: (query: T) => object): T[][] {
  const requests: T[][] = []
  let left = 0
  for (const query of queries) {
    const bytes = new TextEncoder().encode(JSON.stringify(inputOf(query))).length + 1
    const request = bytes <= left ? requests.at(-1) : undefined
    if (request === undefined) {
      requests.push([query])
      left = limits.unsignedBodyBytesMax - documentBytesMax - bytes
    } else {
      request.push(query)
      left -= bytes
    }
  }
  return requests
}

interface ReceivedAnswer {
  readonly unsigned: UnsignedAnswer
  /** JWS; null when there is none, and when it was not requested. */
  readonly possession: string | null
}

function operationWith({
  requirePossession,
}: {
  readonly requirePossession: boolean
}): Operation<ReceivedAnswer[]> {
  const fields = requirePossession ? `${unsignedAnswerFields} possession` : unsignedAnswerFields
  return {
    kind: 'query',
    document: `query VerifyPublicKeys($inputs: [VerifyPublicKeyInput!]!) { verifyPublicKeys(inputs: $inputs) { ${fields} } }`,
    parse: (data) =>
      data.list('verifyPublicKeys').map((received) => ({
        unsigned: parseUnsignedAnswer(received),
        possession: requirePossession ? received.textOrNull('possession') : null,
      })),
  }
}

interface ParsedQuery extends PublicKeyQuery {
  readonly publicKey: PublicJwk
}

async function toResult(
  answer: ReceivedAnswer | undefined,
  { input, requirePossession }: { readonly input: ParsedQuery; readonly requirePossession: boolean },
): Promise<VerificationResult> {
  if (answer === undefined) throw new TypeError('There are as many answers as queries.')
  const { notBefore, expiresAt, checkedAt } = answer.unsigned
  const isUnproved =
    requirePossession && !(await isPossessionProved(answer.possession, input, Date.now() / 1000))
  const answered = statusOf(answer.unsigned)
  const status = isUnproved && answered === 'valid' ? 'unproved' : answered
  return {
    valid: status === 'valid',
    status,
    thumbprint: await thumbprint(input.publicKey),
    notBefore,
    expiresAt,
    checkedAt,
    certifiedBy: null,
    source: 'key-server',
  }
}

/** The result of `parse`. @throws {VerifierError} PUBLIC_KEY_INVALID in place of {@link InvalidJwk}. */
export async function orUnacceptable<T>(parse: () => T | Promise<T>): Promise<T> {
  try {
    return await parse()
  } catch (error) {
    if (!(error instanceof InvalidJwk)) throw error
    throw new VerifierError('PUBLIC_KEY_INVALID', `The public key is not acceptable. ${error.message}`)
  }
}

import { InvalidJwk } from '../../schema/wire/keys/jwk.ts'
import { limits } from '../../schema/wire/limits.ts'
import { parsePublicKey } from '../../schema/wire/keys/forms/public-key.ts'
import { VaultError } from '../errors.ts'
import { VerifierError, withVerifierErrors } from '../verifier-error.ts'
import type { ResponseReader } from '../transport/response-reader.ts'
import { type Operation } from '../transport/graphql.ts'
import { transactionKeyStates, type TransactionKeyState } from '../../schema/wire/enums.ts'
import type { ConnectionOptions } from '../transport/connection-options.ts'
import { unsignedClient } from '../transport/unsigned-client.ts'

/** "Is this public key really that client's, for this application server?" */
export interface PublicKeyQuestion {
  /** The account's name. */
  readonly owner: string
  readonly applicationServer: string
  /**
   * The key as it was received: a JWK, PEM (`PUBLIC KEY`), an OpenSSH line, DER (SubjectPublicKeyInfo) in a Uint8Array, or
   * an extractable public CryptoKey.
   */
  readonly publicKey: unknown
}

/** The answer. An unknown owner, an unknown application server and another key are one and the same: coincides false. */
export interface PublicKeyVerification {
  /** The key is one that this owner stored for this application server. */
  readonly coincides: boolean
  /** It coincides, and is ACTIVE at `checkedAt`: the one member to decide by. */
  readonly valid: boolean
  readonly state: TransactionKeyState | null
  readonly notBefore: Date | null
  readonly expiresAt: Date | null
  /** By the key server's clock. */
  readonly checkedAt: Date
}

/**
 * Asks a key server about one public key. Unsigned: anybody may ask, an application server above all.
 *
 * @throws {VerifierError} PUBLIC_KEY_INVALID when the key is no acceptable public key: then nothing was sent, for it may
 *   be a private key. NETWORK, TIMEOUT, ANSWER_MALFORMED: no answer is not a yes. URL_INVALID.
 * @throws {KeyServerError} BAD_USER_INPUT, RATE_LIMITED, UNAVAILABLE.
 */
export async function verifyPublicKey(
  question: PublicKeyQuestion & { readonly url: string } & ConnectionOptions,
): Promise<PublicKeyVerification> {
  const { owner, applicationServer, publicKey } = question
  const [answer] = await verifyPublicKeys([{ owner, applicationServer, publicKey }], question)
  if (answer === undefined) throw new TypeError('There are as many answers as questions.')
  return answer
}

/**
 * Asks about several public keys, at most 100, in one round trip, or as many as large keys need. Answered in the order asked.
 *
 * @throws as {@link verifyPublicKey}.
 */
export function verifyPublicKeys(
  inputs: readonly PublicKeyQuestion[],
  options: { readonly url: string } & ConnectionOptions,
): Promise<PublicKeyVerification[]> {
  return withVerifierErrors(() => fetchOnce(inputs, options))
}

async function fetchOnce(
  inputs: readonly PublicKeyQuestion[],
  options: { readonly url: string } & ConnectionOptions,
): Promise<PublicKeyVerification[]> {
  const checked = await Promise.all(
    inputs.map(async (input) => {
      const publicKey = await orUnacceptable(() => parsePublicKey(input.publicKey))
      return { ...input, publicKey }
    }),
  )
  const client = unsignedClient(options)
  const requests = requestsOf(checked, (input) => input)
  const answers = await Promise.all(
    requests.map((part) => client.run(verifyPublicKeysOperation, { inputs: part })),
  )
  if (answers.some(({ length }, index) => length !== requests[index]?.length)) {
    throw new VaultError('ANSWER_MALFORMED')
  }
  return answers.flat()
}

/** What is around the inputs in a request, in bytes, and more. */
const documentBytesMax = 1024

/** Splits questions into groups whose inputs fit into one unsigned request each, in their order. */
export function requestsOf<T>(questions: readonly T[], inputOf: (question: T) => object): T[][] {
  const requests: T[][] = []
  let left = 0
  for (const question of questions) {
    const bytes = new TextEncoder().encode(JSON.stringify(inputOf(question))).length + 1
    const request = bytes <= left ? requests.at(-1) : undefined
    if (request === undefined) {
      requests.push([question])
      left = limits.unsignedBodyBytesMax - documentBytesMax - bytes
    } else {
      request.push(question)
      left -= bytes
    }
  }
  return requests
}

const verifyPublicKeysOperation: Operation<PublicKeyVerification[]> = {
  kind: 'query',
  document: /* GraphQL */ `
    query VerifyPublicKeys($inputs: [VerifyPublicKeyInput!]!) {
      verifyPublicKeys(inputs: $inputs) {
        coincides
        valid
        state
        notBefore
        expiresAt
        checkedAt
      }
    }
  `,
  parse: (data) => data.list('verifyPublicKeys').map(parseVerification),
}

/** What `parse` returns. @throws {VerifierError} PUBLIC_KEY_INVALID for what it says of an invalid key. */
export async function orUnacceptable<T>(parse: () => T | Promise<T>): Promise<T> {
  try {
    return await parse()
  } catch (error) {
    if (!(error instanceof InvalidJwk)) throw error
    throw new VerifierError('PUBLIC_KEY_INVALID', `The public key is not acceptable. ${error.message}`)
  }
}

/** Reads the members that {@link PublicKeyVerification} has. */
export function parseVerification(answer: ResponseReader): PublicKeyVerification {
  return {
    coincides: answer.boolean('coincides'),
    valid: answer.boolean('valid'),
    state: answer.oneOfOrNull('state', transactionKeyStates),
    notBefore: answer.instantOrNull('notBefore'),
    expiresAt: answer.instantOrNull('expiresAt'),
    checkedAt: answer.instant('checkedAt'),
  }
}

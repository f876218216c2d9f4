import { parseSigningJwk, type PublicJwk } from '../../../../schema/wire/keys/jwk.ts'
import { thumbprint as thumbprintOf } from '../../../../schema/wire/keys/thumbprint.ts'
import { parsePublicKey } from '../../../../schema/wire/keys/forms/public-key.ts'
import {
  InvalidStatement,
  parseStatement,
  verifyStatement,
} from '../../../../schema/wire/statements/statement.ts'
import { VaultError } from '../../../index.ts'
import { publicKeyFromText } from '../../../keys/public-key-text.ts'
import type { Operation } from '../../../transport/graphql.ts'
import { createVerifier } from '../../../verifier.ts'
import { orUnacceptable } from '../../../verifier/verify-public-key.ts'
import {
  parseUnsignedAnswer,
  unsignedAnswerFields,
  type UnsignedAnswer,
} from '../../../verifier/unsigned-answer.ts'
import { unsignedClient } from '../../../transport/unsigned-client.ts'

/** A question about a public key, as somebody typed it. */
export interface KeyQuestion {
  /** The key server's origin. */
  readonly url: string
  readonly owner: string
  readonly applicationServer: string
  /** JWK, PEM or OpenSSH. */
  readonly text: string
  /** The id of a management key that is known to be the owner's; null: none is. */
  readonly pin: string | null
}

/** Everything that could be found out about a key in this browser. */
export interface CheckedKey {
  /** The kind of the key, e.g. `OKP Ed25519`. */
  readonly kind: string
  readonly thumbprint: string
  readonly verification: UnsignedAnswer
  /** The issuer that signed the answer, and when; null when its signature does not hold. */
  readonly answer: { readonly issuer: string; readonly signedAt: Date } | null
  /** `unchecked`: there is nothing to check, because the key is not valid. */
  readonly certificate: 'missing' | 'invalid' | 'pinned' | 'unpinned' | 'unchecked'
  /** Ids of the management keys behind the certificate, the signer's first. */
  readonly certifiedBy: readonly string[]
}

/**
 * Asks the key server, and checks here what it has signed and what the owner has signed.
 *
 * @throws {VaultError} PUBLIC_KEY_INVALID for what is no public key: then nothing was sent.
 */
export async function checkKey(question: KeyQuestion): Promise<CheckedKey> {
  const { url, owner, applicationServer } = question
  const publicKey = await orUnacceptable(() => parsePublicKey(publicKeyFromText(question.text)))
  const input = { owner, applicationServer, publicKey }
  const answered = await unsignedClient({ url }).run(verifyOperation, { input })
  const { verification, answer } = answered
  return {
    kind: kindOf(publicKey),
    thumbprint: await thumbprintOf(publicKey),
    verification,
    answer: await checkAnswer(answer, url),
    ...(await checkCertificate(question, {
      publicKey,
      isValid: verification.valid,
      isCertified: answered.isCertified,
    })),
  }
}

function kindOf(jwk: PublicJwk): string {
  return `${jwk.kty} ${'crv' in jwk ? jwk.crv : 'alg' in jwk ? jwk.alg : ''}`.trim()
}

interface Answered {
  readonly verification: UnsignedAnswer
  readonly answer: string
  readonly isCertified: boolean
}

const verifyOperation: Operation<Answered> = {
  kind: 'query',
  document: /* GraphQL */ `
    query VerifyPublicKey($input: VerifyPublicKeyInput!) {
      verifyPublicKey(input: $input) {
        ${unsignedAnswerFields}
        answer
        certificate
      }
    }
  `,
  parse: (data) => {
    const received = data.object('verifyPublicKey')
    return {
      verification: parseUnsignedAnswer(received),
      answer: received.text('answer'),
      isCertified: received.textOrNull('certificate') !== null,
    }
  },
}

async function checkAnswer(answer: string, url: string): Promise<CheckedKey['answer']> {
  try {
    const { kid } = parseStatement('claviger-answer+jwt', answer)
    const response = await fetch(`${url}/.well-known/jwks.json`, { credentials: 'omit' })
    const set: unknown = await response.json()
    for (const jwk of keysOf(set)) {
      const signingKey = parseSigningJwk(jwk)
      if ((await thumbprintOf(signingKey)) !== kid) continue
      const reader = { signingKey, nowSeconds: Date.now() / 1000 }
      const { iss, iat } = await verifyStatement('claviger-answer+jwt', answer, reader)
      return { issuer: iss, signedAt: new Date(iat * 1000) }
    }
    return null
  } catch (error) {
    if (error instanceof InvalidStatement) return null
    if (error instanceof TypeError) throw new VaultError('NETWORK')
    throw error
  }
}

function keysOf(set: unknown): readonly unknown[] {
  return typeof set === 'object' && set !== null && 'keys' in set && Array.isArray(set.keys) ? set.keys : []
}

async function checkCertificate(
  { url, owner, applicationServer, pin }: KeyQuestion,
  { publicKey, isValid, isCertified }: { publicKey: PublicJwk; isValid: boolean; isCertified: boolean },
): Promise<Pick<CheckedKey, 'certificate' | 'certifiedBy'>> {
  if (!isValid) return { certificate: 'unchecked', certifiedBy: [] }
  if (!isCertified && pin === null) return { certificate: 'missing', certifiedBy: [] }
  const pinsOf = () => (pin === null ? null : [pin])
  const verifier = createVerifier({ url, applicationServer, certificates: { pinsOf } })
  const { valid, certifiedBy } = await verifier.verify({ owner, publicKey })
  if (!valid || certifiedBy === null) return { certificate: 'invalid', certifiedBy: [] }
  return { certificate: pin === null ? 'unpinned' : 'pinned', certifiedBy }
}

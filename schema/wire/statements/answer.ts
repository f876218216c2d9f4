import { transactionKeyStates, type TransactionKeyState } from '../enums.ts'
import { limits } from '../limits.ts'
import { Claims } from './claims.ts'
import { InvalidStatement } from './invalid-statement.ts'

/** The key server's signed answer to a verification. Times are Unix seconds. */
export interface VerificationAnswer {
  readonly v: 1
  /** The key server's public URL. */
  readonly iss: string
  /** The owner's name. */
  readonly sub: string
  /** The application server. */
  readonly aud: string
  /** RFC 7638 thumbprint of the presented key. */
  readonly jkt: string
  readonly coincides: boolean
  readonly valid: boolean
  readonly state?: TransactionKeyState
  /** The key's `notBefore`, cut to seconds. */
  readonly nbf_key?: number
  /** The key's `expiresAt`, cut to seconds. */
  readonly exp_key?: number
  readonly iat: number
  /** At most 5 minutes after `iat`. */
  readonly exp: number
}

/** @throws {InvalidStatement} */
export function parseVerificationAnswer(payload: object): VerificationAnswer {
  const claims = new Claims(payload)
  const answer: VerificationAnswer = {
    v: claims.version(),
    iss: claims.text('iss'),
    sub: claims.text('sub'),
    aud: claims.text('aud'),
    jkt: claims.thumbprint('jkt'),
    coincides: claims.boolean('coincides'),
    valid: claims.boolean('valid'),
    ...claims.optional('state', (name) => claims.oneOf(name, transactionKeyStates)),
    ...claims.optional('nbf_key', (name) => claims.time(name)),
    ...claims.optional('exp_key', (name) => claims.time(name)),
    iat: claims.time('iat'),
    exp: claims.time('exp'),
  }
  claims.assertNoOthers()
  if (answer.exp < answer.iat || answer.exp - answer.iat > limits.answerSecondsMax) {
    throw new InvalidStatement(`"exp" is at most ${String(limits.answerSecondsMax)} seconds after "iat".`)
  }
  return answer
}

import type { VerificationPort, VerifyPublicKeyInput } from '../../schema/graphql/context.ts'
import type { PublicKeyVerification } from '../../schema/graphql/domain.ts'
import { badInput } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import { accountIdOf } from '../lib/account-id.ts'
import type { VerificationSigner } from '../server-keys/verification-signer.ts'
import type { ClientRates } from '../rate-limits/client-rates.ts'
import { traceStep } from '../lib/traces.ts'
import { askedName, parseInput, presentedJwk } from '../lib/input.ts'
import { thumbprintOf } from '../lib/thumbprint-of.ts'
import type { DatabaseNodes } from '../database/distribution/nodes.ts'
import type { Meters } from '../observation/meters.ts'
import { Endorsements } from './endorsements.ts'
import { lookUp, type PresentedKey, type PresentedKeyFacts } from './look-up.ts'
import type { MismatchAlarm } from './mismatch-alarm.ts'

/** A verification's input: the names as they were sent, and the key to look up. */
interface ParsedInput {
  readonly owner: string
  readonly applicationServer: string
  readonly key: PresentedKey
}

/**
 * Tells application servers whether a public key is an owner's. Unknown owners, unknown application servers and other keys take
 * the same path to the same answer. Concurrent verifications share one statement.
 */
export class Verification {
  readonly #lookUp: (key: PresentedKey) => Promise<PresentedKeyFacts>
  readonly #signer: VerificationSigner
  readonly #endorsements: Endorsements
  readonly #mismatchAlarm: MismatchAlarm
  readonly #meters: Meters

  constructor(
    nodes: DatabaseNodes,
    {
      signer,
      mismatchAlarm,
      meters,
    }: {
      readonly signer: VerificationSigner
      readonly mismatchAlarm: MismatchAlarm
      readonly meters: Meters
    },
  ) {
    this.#lookUp = nodes.batch((reads) => (keys) => lookUp(reads, keys), { batchMax: 1000 })
    this.#signer = signer
    this.#endorsements = new Endorsements(nodes)
    this.#mismatchAlarm = mismatchAlarm
    this.#meters = meters
  }

  /** The port of one request. All of its fields together verify at most one batch. */
  forRequest({ rates }: { readonly rates: ClientRates }): VerificationPort {
    let count = 0
    return {
      verify: async (inputs, field) => {
        count += inputs.length
        if (count > limits.batchMax) {
          throw badInput(field, `There are at most ${String(limits.batchMax)} verifications in a request.`)
        }
        rates.take('verifications', { cost: inputs.length })
        return this.#verify(inputs, { field, rates })
      },
    }
  }

  async #verify(
    inputs: readonly VerifyPublicKeyInput[],
    { field, rates }: { readonly field: string; readonly rates: ClientRates },
  ): Promise<PublicKeyVerification[]> {
    const isBatch = field === 'inputs'
    const parsed = inputs.map((input, index) => parse(input, isBatch ? `${field}.${String(index)}` : field))
    return Promise.all(parsed.map((input) => this.#verifyOne(input, rates)))
  }

  async #verifyOne(
    { owner, applicationServer, key }: ParsedInput,
    rates: ClientRates,
  ): Promise<PublicKeyVerification> {
    const { accountId, thumbprint } = key
    const facts = await traceStep({ name: 'group of verifications' }, () => this.#lookUp(key))
    const statements = [facts.certificate, facts.revocation].filter((statement) => statement !== null)
    this.#meters.countVerification(facts.state ?? 'UNKNOWN')
    if (!facts.coincides) this.#mismatchAlarm.report({ ...key, rates })
    // However often a request selects it, it is signed once.
    let signed: Promise<string> | undefined
    return {
      ...facts,
      endorsements: async () =>
        statements.length === 0 ? null : this.#endorsements.pathOf(accountId, statements),
      answer: () => (signed ??= this.#signer.sign({ ...facts, owner, applicationServer, thumbprint })),
    }
  }
}

/**
 * Parses an input. A name that no owner or application server can have is looked up like any other: it has no row. Only names
 * that a signed answer cannot state are refused.
 */
function parse(input: VerifyPublicKeyInput, path: string): ParsedInput {
  const { owner, applicationServer } = input
  parseInput(askedName, owner, `${path}.owner`)
  parseInput(askedName, applicationServer, `${path}.applicationServer`)
  const jwk = parseInput(presentedJwk, input.publicKey, `${path}.publicKey`)
  const key = {
    accountId: accountIdOf(owner),
    // PostgreSQL cannot store NUL. No application server's name has the other control character either.
    applicationServer: applicationServer.replaceAll('\0', '\u{1}'),
    thumbprint: thumbprintOf(jwk),
  }
  return { owner, applicationServer, key }
}

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
import { lookUp, type VerificationResult, type VerificationQuery } from './look-up.ts'
import type { MismatchAlarm } from './mismatch-alarm.ts'

/** A question in the asker's own words, and what is looked up for it. */
interface Asked {
  readonly owner: string
  readonly applicationServer: string
  readonly question: VerificationQuery
}

/**
 * Answers application servers whether a public key is its owner's. Unknown owners, unknown application servers and
 * other keys take the same path to the same answer. Questions that come at the same time share one statement.
 */
export class Verification {
  readonly #ask: (question: VerificationQuery) => Promise<VerificationResult>
  readonly #answers: VerificationSigner
  readonly #endorsements: Endorsements
  readonly #mismatchAlarm: MismatchAlarm
  readonly #meters: Meters

  constructor(
    nodes: DatabaseNodes,
    {
      answers,
      mismatchAlarm,
      meters,
    }: {
      readonly answers: VerificationSigner
      readonly mismatchAlarm: MismatchAlarm
      readonly meters: Meters
    },
  ) {
    this.#ask = nodes.batch((reads) => (questions) => lookUp(reads, questions), { batchMax: 1000 })
    this.#answers = answers
    this.#endorsements = new Endorsements(nodes)
    this.#mismatchAlarm = mismatchAlarm
    this.#meters = meters
  }

  /** The port of one request, all of whose fields together ask for one batch at most. */
  forRequest({ rates }: { readonly rates: ClientRates }): VerificationPort {
    let asked = 0
    return {
      verify: async (inputs, field) => {
        asked += inputs.length
        if (asked > limits.batchMax) {
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
    const asked = inputs.map((input, index) => parse(input, isBatch ? `${field}.${String(index)}` : field))
    return Promise.all(asked.map((one) => this.#answer(one, rates)))
  }

  async #answer(
    { owner, applicationServer, question }: Asked,
    rates: ClientRates,
  ): Promise<PublicKeyVerification> {
    const { accountId, thumbprint } = question
    const facts = await traceStep({ name: 'group of verifications' }, () => this.#ask(question))
    const statements = [facts.certificate, facts.revocation].filter((statement) => statement !== null)
    this.#meters.countVerification(facts.state ?? 'UNKNOWN')
    if (!facts.coincides) this.#mismatchAlarm.report({ ...question, rates })
    // However often a request selects it, it is signed once.
    let signed: Promise<string> | undefined
    return {
      ...facts,
      endorsements: async () =>
        statements.length === 0 ? null : this.#endorsements.chainOf(accountId, statements),
      answer: () => (signed ??= this.#answers.sign({ ...facts, owner, applicationServer, thumbprint })),
    }
  }
}

/**
 * An owner or application server that cannot exist is asked for like any other: it has no row. Only what could not
 * stand in a signed answer is refused, whoever is asked for.
 */
function parse(input: VerifyPublicKeyInput, path: string): Asked {
  const { owner, applicationServer } = input
  parseInput(askedName, owner, `${path}.owner`)
  parseInput(askedName, applicationServer, `${path}.applicationServer`)
  const jwk = parseInput(presentedJwk, input.publicKey, `${path}.publicKey`)
  const question = {
    accountId: accountIdOf(owner),
    // PostgreSQL holds no NUL; another control character is in no application server's name either.
    applicationServer: applicationServer.replaceAll('\0', '\u{1}'),
    thumbprint: thumbprintOf(jwk),
  }
  return { owner, applicationServer, question }
}

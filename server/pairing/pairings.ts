import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { AnswerPairingInput, OpenPairingInput, PairingsPort } from '../../schema/graphql/context.ts'
import type { Pairing } from '../../schema/graphql/domain.ts'
import { decodeBase64url } from '../../schema/wire/base64url.ts'
import { KeyServerError, notFound } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { SignedRequest } from '../auth/signed-request.ts'
import type { Databases, Executor } from '../database/connect.ts'
import { parseInput } from '../lib/input.ts'
import type { ClientRates } from '../rate-limits/client-rates.ts'
import { diskBytes } from '../rate-limits/disk-bytes.ts'
import { PairingLimiter } from './pairing-limiter.ts'

/** Pairings that may be open at once, on all servers. */
const openMax = 10_000
/**
 * Open pairings of one server, and of an address there: whoever floods it leaves room on the others, and for other
 * addresses.
 */
const openOfServerMax = 1_000
const openOfAddressMax = 50

const pairingId = z.string().refine((value) => decodeBase64url(value)?.length === 16, {
  error: 'The id of a pairing is 16 bytes in base64url.',
})

/** A compact JWE, as the clients write it, and no control characters either way. */
const message = z
  .string()
  .refine((value) => value.length <= limits.pairingCharactersMax && /^[\x20-\x7e]+$/.test(value), {
    error: `A message has 1 to ${String(limits.pairingCharactersMax)} characters of ASCII.`,
  })

const openPairingInput = z.object({ id: pairingId, payload: message })
const answerPairingInput = z.object({ id: pairingId, answer: message })

/** The client that opens a pairing. */
interface PairingClient {
  readonly clientAddress: string
  readonly rates: ClientRates
}

/**
 * Passes messages between a new device and one that approves it. It checks none of them, and nobody has to trust it: the
 * devices authenticate their messages to each other by a secret that the server never sees.
 */
export class Pairings {
  readonly #databases: Databases
  readonly #limiter = new PairingLimiter({
    perAddressMax: openOfAddressMax,
    max: openOfServerMax,
    pairingMs: limits.pairingSeconds * 1000,
  })

  constructor(databases: Databases) {
    this.#databases = databases
  }

  /** The port of one request. */
  forRequest(request: SignedRequest, client: PairingClient): PairingsPort {
    return {
      open: (input) => this.#open(input, client),
      find: (id) => this.#find(id),
      answer: (input) => this.#answer(request, input),
      close: (id) => this.#close(id),
    }
  }

  async #open(input: OpenPairingInput, { clientAddress: address, rates }: PairingClient): Promise<Pairing> {
    const { id, payload } = parseInput(openPairingInput, input, 'input')
    const known = await this.#find(id)
    if (known !== null) return same(known, known.payload === payload)
    rates.take('written-bytes', { cost: payload.length + diskBytes.pairing })
    await rates.takeShared('pairings')
    const acquired = this.#limiter.acquire({ id, address })
    if (acquired === null) throw tooMany()
    try {
      return await this.#insert({ id, payload }, acquired)
    } catch (error) {
      this.#limiter.release(id)
      throw error
    }
  }

  async #insert(
    { id, payload }: OpenPairingInput,
    { displaced }: { readonly displaced: readonly string[] },
  ): Promise<Pairing> {
    if (displaced.length > 0) {
      await this.#databases.writes.sql`DELETE FROM pairings WHERE id = ANY(${[...displaced]})`
    }
    const [row] = await this.#databases.writes.sql<{ is_opened: boolean }[]>`
      SELECT open_pairing(${id}, ${payload}, ${limits.pairingSeconds}, ${openMax}) AS is_opened`
    const opened = await this.#read(this.#databases.writes.db, id)
    if (opened === null) throw tooMany()
    return same(opened, row?.is_opened === true || opened.payload === payload)
  }

  async #find(id: string): Promise<Pairing | null> {
    return pairingId.safeParse(id).success ? this.#read(this.#databases.reads.db, id) : null
  }

  async #answer(request: SignedRequest, input: AnswerPairingInput): Promise<Pairing> {
    const { id, answer } = parseInput(answerPairingInput, input, 'input')
    return request.transaction(async ({ tx }) => {
      await tx.execute(
        sql`UPDATE pairings SET answer = ${answer}
          WHERE id = ${id} AND answer IS NULL AND expires_at > statement_timestamp()`,
      )
      const answered = await this.#read(tx, id)
      if (answered === null) throw notFound('pairing')
      return same(answered, answered.answer === answer)
    })
  }

  async #close(id: string): Promise<boolean> {
    const closed = await this.#databases.writes.sql`DELETE FROM pairings WHERE id = ${id}`
    this.#limiter.release(id)
    return closed.count > 0
  }

  async #read(executor: Executor, id: string): Promise<Pairing | null> {
    const [row] = await executor.execute<{ payload: string; answer: string | null; expires_at: Date }>(
      sql`SELECT payload, answer, expires_at FROM pairings
        WHERE id = ${id} AND expires_at > statement_timestamp()`,
    )
    if (row === undefined) return null
    const { payload, answer, expires_at: expiresAt } = row
    return { id, payload, answer, expiresAt }
  }
}

function same(pairing: Pairing, isSame: boolean): Pairing {
  if (isSame) return pairing
  throw new KeyServerError('CONFLICT', 'This pairing says something else.')
}

function tooMany(): KeyServerError {
  return new KeyServerError('RATE_LIMITED', 'Too many devices are being paired.', {
    retryAfterSeconds: 60,
  })
}

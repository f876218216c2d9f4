import { InvalidJwk, parsePublicJwk, type PublicJwk } from '../../schema/wire/keys/jwk.ts'
import { thumbprint as thumbprintOf } from '../../schema/wire/keys/thumbprint.ts'
import { VaultError } from '../errors.ts'

/**
 * One object of a GraphQL answer, read member by member. Each reader throws {@link VaultError} ANSWER_MALFORMED, naming
 * the member and never its value, when the member is not of the kind asked for.
 */
export class ResponseReader {
  readonly #members: ReadonlyMap<string, unknown>

  constructor(value: unknown, name = 'data') {
    if (!isObject(value)) throw malformed(name)
    this.#members = new Map(Object.entries(value))
  }

  /** All members, unread. */
  toObject(): Record<string, unknown> {
    return Object.fromEntries(this.#members)
  }

  value(name: string): unknown {
    return this.#members.get(name)
  }

  object(name: string): ResponseReader {
    return new ResponseReader(this.value(name), name)
  }

  objectOrNull(name: string): ResponseReader | null {
    return this.#isNull(name) ? null : this.object(name)
  }

  list(name: string): ResponseReader[] {
    return this.#array(name).map((item) => new ResponseReader(item, name))
  }

  text(name: string): string {
    const value = this.value(name)
    if (typeof value !== 'string') throw malformed(name)
    return value
  }

  textOrNull(name: string): string | null {
    return this.#isNull(name) ? null : this.text(name)
  }

  textsOrNull(name: string): string[] | null {
    if (this.#isNull(name)) return null
    return this.#array(name).map((item) => {
      if (typeof item !== 'string') throw malformed(name)
      return item
    })
  }

  boolean(name: string): boolean {
    const value = this.value(name)
    if (typeof value !== 'boolean') throw malformed(name)
    return value
  }

  integer(name: string): number {
    return toInteger(this.value(name), name)
  }

  integerOrNull(name: string): number | null {
    return this.#isNull(name) ? null : this.integer(name)
  }

  integers(name: string): number[] {
    return this.#array(name).map((item) => toInteger(item, name))
  }

  instant(name: string): Date {
    const instant = new Date(this.text(name))
    if (Number.isNaN(instant.getTime())) throw malformed(name)
    return instant
  }

  instantOrNull(name: string): Date | null {
    return this.#isNull(name) ? null : this.instant(name)
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const text = this.text(name)
    const value = values.find((known) => known === text)
    if (value === undefined) throw malformed(name)
    return value
  }

  oneOfOrNull<T extends string>(name: string, values: readonly T[]): T | null {
    return this.#isNull(name) ? null : this.oneOf(name, values)
  }

  publicKey(name: string): PublicJwk {
    try {
      return parsePublicJwk(this.value(name))
    } catch (error) {
      if (error instanceof InvalidJwk) throw malformed(name)
      throw error
    }
  }

  publicKeyOrNull(name: string): PublicJwk | null {
    return this.#isNull(name) ? null : this.publicKey(name)
  }

  #isNull(name: string): boolean {
    return this.value(name) === null
  }

  #array(name: string): unknown[] {
    const value = this.value(name)
    if (!Array.isArray(value)) throw malformed(name)
    return value
  }
}

/**
 * Reads `publicKey`, and its `thumbprint` by computing it: an answer whose two members disagree is a lie about one.
 *
 * @throws {VaultError} ANSWER_MALFORMED, KEY_MISMATCH.
 */
export async function parsePublicKeyOrNull(
  answer: ResponseReader,
): Promise<{ publicKey: PublicJwk; thumbprint: string } | { publicKey: null; thumbprint: null }> {
  const publicKey = answer.publicKeyOrNull('publicKey')
  const thumbprint = publicKey === null ? null : await thumbprintOf(publicKey)
  if (answer.textOrNull('thumbprint') !== thumbprint) {
    throw new VaultError('KEY_MISMATCH', { detail: 'Its thumbprint belongs to another public key.' })
  }
  return publicKey === null || thumbprint === null
    ? { publicKey: null, thumbprint: null }
    : { publicKey, thumbprint }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function toInteger(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw malformed(name)
  return value
}

function malformed(name: string): VaultError {
  return new VaultError('ANSWER_MALFORMED', { detail: `The member "${name}" is not what it must be.` })
}

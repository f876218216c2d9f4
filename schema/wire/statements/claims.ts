import { InvalidJwk } from '../keys/jwk.ts'
import { isThumbprint, type Thumbprint } from '../brands.ts'
import { InvalidStatement } from './invalid-statement.ts'

/** The last second of the year 9999. A time in milliseconds by mistake is later. */
const timeMax = 253_402_300_799
/** The largest GraphQL Int. */
const countMax = 2_147_483_647

/**
 * Reads the members of a payload by their types, and rejects members that were not read. Every method throws
 * {@link InvalidStatement}, whose message names the claim and not its value.
 */
export class Claims {
  readonly #members: ReadonlyMap<string, unknown>
  readonly #known = new Set<string>()

  constructor(payload: object) {
    this.#members = new Map<string, unknown>(Object.entries(payload))
  }

  has(name: string): boolean {
    return this.#members.has(name)
  }

  /** The member under its name, or no member when it is absent: to be spread into the result. */
  optional<Name extends string, T>(name: Name, read: (name: Name) => T): Partial<Record<Name, T>> {
    const found: Partial<Record<Name, T>> = {}
    if (this.has(name)) found[name] = read(name)
    return found
  }

  /** Refuses unknown versions. */
  version(): 1 {
    if (this.#take('v') !== 1) throw new InvalidStatement('The version "v" of a statement is 1.')
    return 1
  }

  text(name: string): string {
    const value = this.#take(name)
    if (typeof value === 'string' && value !== '' && value.isWellFormed()) return value
    throw new InvalidStatement(`"${name}" is a string.`)
  }

  boolean(name: string): boolean {
    const value = this.#take(name)
    if (typeof value === 'boolean') return value
    throw new InvalidStatement(`"${name}" is true or false.`)
  }

  /** Unix seconds. */
  time(name: string): number {
    const value = this.#take(name)
    if (isWholeNumber(value) && value >= 0 && value <= timeMax) return value
    throw new InvalidStatement(`"${name}" is a time in whole Unix seconds, to the year 9999.`)
  }

  count(name: string): number {
    const value = this.#take(name)
    if (isWholeNumber(value) && value >= 1 && value <= countMax) return value
    throw new InvalidStatement(`"${name}" is a whole number from 1.`)
  }

  /** A position in a list that counts from 1; 0 is before the first. */
  position(name: string): number {
    const value = this.#take(name)
    if (isWholeNumber(value) && value >= 0) return value
    throw new InvalidStatement(`"${name}" is a whole number from 0.`)
  }

  /** Hex, in lower case. */
  sha256(name: string): string {
    const value = this.#take(name)
    if (typeof value === 'string' && /^[\da-f]{64}$/.test(value)) return value
    throw new InvalidStatement(`"${name}" is a SHA-256 hash: 64 hexadecimal digits in lower case.`)
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const value = this.#take(name)
    const found = values.find((known) => known === value)
    if (found !== undefined) return found
    throw new InvalidStatement(`"${name}" is one of ${values.join(', ')}.`)
  }

  /** RFC 7638 SHA-256. */
  thumbprint(name: string): Thumbprint {
    const value = this.#take(name)
    if (isThumbprint(value)) return value
    throw new InvalidStatement(`"${name}" is an RFC 7638 SHA-256 thumbprint.`)
  }

  jwk<T>(name: string, parse: (value: unknown) => T): T {
    const value = this.#take(name)
    try {
      return parse(value)
    } catch (error) {
      if (error instanceof InvalidJwk) throw new InvalidStatement(`"${name}": ${error.message}`)
      throw error
    }
  }

  object(name: string): Claims {
    const value = this.#take(name)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new Claims(value)
    throw new InvalidStatement(`"${name}" is an object.`)
  }

  /** Refuses unknown claims: their meaning could restrict the statement. */
  assertNoOthers(): void {
    if (this.#members.size > this.#known.size) {
      throw new InvalidStatement('A statement has the claims of its type and no others.')
    }
  }

  #take(name: string): unknown {
    if (!this.#members.has(name)) throw new InvalidStatement(`"${name}" is missing.`)
    this.#known.add(name)
    return this.#members.get(name)
  }
}

function isWholeNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

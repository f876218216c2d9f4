import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { errorCodes } from '../../schema/wire/errors.ts'
import { call, createRawKey, type GraphQLAnswer, type RawKey } from './raw-client.ts'

export { useWorld } from './world.ts'

export interface Operation {
  readonly query: string
  readonly variables?: Record<string, unknown>
}

/** Expects an answer of exactly one error with these extensions and no others; what was asked for is not in it. */
export function expectRefusal(answer: GraphQLAnswer, extensions: Record<string, unknown>): void {
  expect(answer.errors.map((error) => error.extensions)).toEqual([extensions])
  expect(errorCodes).toContain(answer.code)
  expect(answer.data ?? null).toBeNull()
}

/** Expects BAD_USER_INPUT at this path. */
export function expectBadInput(answer: GraphQLAnswer, field: string): void {
  expectRefusal(answer, { code: 'BAD_USER_INPUT', field })
}

/** Expects 401 with one error of this reason. */
export function expectUnauthenticated(answer: GraphQLAnswer, reason: string): void {
  expect(answer.status).toBe(401)
  expectRefusal(answer, { code: 'UNAUTHENTICATED', reason })
}

/** Expects that an operation is refused without a signature, and with one by a key that nobody registered. */
export async function expectSignedOnly(url: string, operation: Operation): Promise<void> {
  expectUnauthenticated(await call(url, null, operation), 'SIGNATURE_REQUIRED')
  expectUnauthenticated(await call(url, await createRawKey(), operation), 'SIGNATURE_INVALID')
}

/** The answer of an operation that must not fail. */
export async function succeed(url: string, key: RawKey | null, operation: Operation): Promise<unknown> {
  const answer = await call(url, key, operation)
  expect(answer.errors).toEqual([])
  return answer.data
}

/** The value at a path of an answer; undefined when there is none. */
export function pick(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (found, name) =>
      typeof found === 'object' && found !== null
        ? Object.entries(found).find(([key]) => key === String(name))?.[1]
        : undefined,
    value,
  )
}

/** The values at a path of each item of a list. */
export function pickEach(list: unknown, ...path: readonly (string | number)[]): unknown[] {
  if (!Array.isArray(list)) throw new TypeError('This is no list.')
  return list.map((item: unknown) => pick(item, ...path))
}

/** The text at a path of an answer. */
export function pickText(value: unknown, ...path: readonly (string | number)[]): string {
  const text = pick(value, ...path)
  if (typeof text !== 'string') throw new TypeError('There is no text at this path.')
  return text
}

/** Ids that no account has: of a wrong form as well as of the right one. */
export const strangeIds = [
  randomUUID(),
  'no-uuid',
  '',
  '\0',
  'x'.repeat(1000),
  '00000000-0000-0000-0000-000000000000',
]

/** An instant some seconds from now. */
export function secondsAhead(seconds: number): Date {
  return new Date(Date.now() + seconds * 1000)
}

/** The account's alerts of these kinds, oldest first, with what their kind adds. */
export async function alertsOf(url: string, key: RawKey, kinds: readonly string[]): Promise<unknown[]> {
  const data = await succeed(url, key, {
    query: `{ account { alerts(first: 100) { edges { node { kind
      ... on KeyExpiringAlert { transactionKey { id } expiresAt noticeSeconds }
      ... on KeyExpiredAlert { transactionKey { id } expiresAt }
      ... on KeyOverusedAlert { transactionKey { id } maxUses excess refused managementKey { id } }
      ... on KeyRevokedAlert { transactionKey { id } reason } } } } } }`,
  })
  const nodes = pickEach(pick(data, 'account', 'alerts', 'edges'), 'node')
  return nodes.filter((node) => kinds.includes(pickText(node, 'kind')))
}

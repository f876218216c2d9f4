import { badInput } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'

/**
 * Parses the size of a page.
 *
 * @throws {KeyServerError} BAD_USER_INPUT
 */
export function parsePageSize(size: number | null | undefined, field: 'first' | 'last'): number {
  if (size === null || size === undefined) return limits.pageDefault
  if (size < 0 || size > limits.batchMax) throw badInput(field, `This is 0 to ${String(limits.batchMax)}.`)
  return size
}

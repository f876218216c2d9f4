import { KeyServerError } from '../../schema/wire/errors.ts'
import type { Clock } from './clock.ts'

/**
 * Runs `work`, which signs a statement and sends it. When it is refused and this device's clock was corrected meanwhile,
 * it is run once more: the statement was dated by the wrong clock.
 *
 * @throws what `work` throws.
 */
export async function signedInTime<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  const correctionMs = clock.correctionMs
  try {
    return await work()
  } catch (error) {
    const isRefused = error instanceof KeyServerError && error.code === 'BAD_USER_INPUT'
    if (!isRefused || clock.correctionMs === correctionMs) throw error
    return work()
  }
}

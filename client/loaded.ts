import { VaultError } from './errors.ts'

/**
 * Awaits a part of the SDK that is imported when it is called: in a page it is a file of its own, which can be out of reach.
 *
 * @throws {VaultError} NETWORK when it cannot be loaded.
 */
export async function loaded<Part>(part: Promise<Part>): Promise<Part> {
  try {
    return await part
  } catch (cause) {
    throw new VaultError('NETWORK', { detail: 'A part of the SDK could not be loaded.', cause })
  }
}

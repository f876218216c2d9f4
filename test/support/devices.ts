import { randomUUID } from 'node:crypto'
import { createVault, memoryKeystore, type ConnectionOptions, type Vault } from '../../client/index.ts'

export { useWorld } from './world.ts'

export type Fetch = NonNullable<ConnectionOptions['fetch']>

export const shop = 'https://shop.example'
export const bank = 'https://bank.example'
export const bytes = new TextEncoder().encode('order 66')

export const newOwner = () => `owner-${randomUUID()}`

/** A new account, seen from its first device. */
export function newVault(
  url: string,
  options: { fetch?: Fetch; owner?: string; wrapping?: 'symmetric' } = {},
): Promise<Vault> {
  return createVault({ url, owner: newOwner(), keystore: memoryKeystore(), ...options })
}

/** The GraphQL operation that a request of the SDK names. */
export function operationOf(init: RequestInit | undefined): string {
  const text = init?.body instanceof Uint8Array ? new TextDecoder().decode(init.body) : ''
  return /(?:query|mutation)\s+(\w+)/.exec(text)?.[1] ?? ''
}

/** A `fetch` whose answers to operations of this name are lost on the way, the first `count` times. */
export function losing(operation: string, count: number): Fetch {
  let lost = 0
  return async (input, init) => {
    const response = await fetch(input, init)
    if (operationOf(init) !== operation || lost >= count) return response
    lost += 1
    throw new TypeError('The connection was lost.')
  }
}

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { createVault, memoryKeystore, type ConnectionOptions, type Vault } from '../../client/index.ts'
import { startWorld, type TestServer } from './server.ts'

export type Fetch = NonNullable<ConnectionOptions['fetch']>

export const shop = 'https://shop.example'
export const bank = 'https://bank.example'
export const bytes = new TextEncoder().encode('order 66')

export const newOwner = () => `owner-${randomUUID()}`

/** A key server for the tests of one file. */
export function useWorld(): { readonly url: string } {
  let server: TestServer | undefined
  beforeAll(async () => {
    server = await startWorld()
  })
  afterAll(() => server?.stop())
  return {
    get url() {
      return server?.url ?? ''
    },
  }
}

/** A new account, seen from its first device. */
export function newVault(url: string, options: { fetch?: Fetch; owner?: string } = {}): Promise<Vault> {
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

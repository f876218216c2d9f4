import { createServer, type Server, type ServerResponse } from 'node:http'
import { exportJWK, type JWK } from 'jose'
import { afterAll } from 'vitest'
import { call, createRawKey, type GraphQLAnswer, type RawAccount, type RawKey } from './raw-client.ts'
import { RawEvents, RawSocket } from './socket.ts'

/** An application server of loopback: only its `/.well-known/claviger.json`. */
export interface ShopSite {
  /** Its origin, and so its name. */
  readonly name: string
  /** Requests that came. */
  readonly requests: readonly string[]
  answer: (response: ServerResponse) => void
  close(): Promise<void>
}

const sites: ShopSite[] = []
afterAll(async () => {
  for (const site of sites.splice(0)) await site.close()
})

/** Answers with a document that lists these thumbprints, until it is told to answer otherwise. */
export async function startSite(...keys: readonly string[]): Promise<ShopSite> {
  const requests: string[] = []
  const server: Server = createServer((request, response) => {
    requests.push(request.url ?? '')
    site.answer(response)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const site: ShopSite = {
    name: `http://127.0.0.1:${port}`,
    requests,
    answer: listing(...keys),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  sites.push(site)
  return site
}

export function listing(...keys: readonly string[]): ShopSite['answer'] {
  return (response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
  }
}

export const registerMutation = `mutation ($input: RegisterApplicationServerInput!) {
  registerApplicationServer(input: $input) { applicationServer keyId proved proofFailure }
}`

export function register(url: string, key: RawKey, name: string): Promise<GraphQLAnswer> {
  return call(url, key, {
    query: registerMutation,
    variables: { input: { applicationServer: name, signingKey: key.signingKey } },
  })
}

export interface Shop {
  readonly site: ShopSite
  readonly name: string
  readonly key: RawKey
}

/** A registered application server whose key is proved. */
export async function openShop(url: string, key?: RawKey): Promise<Shop> {
  const own = key ?? (await createRawKey())
  const site = await startSite(own.id)
  const { data, errors } = await register(url, own, site.name)
  if (data?.['registerApplicationServer'].proved !== true) throw new Error(JSON.stringify({ data, errors }))
  return { site, name: site.name, key: own }
}

/** The key as an application server has it in its configuration. */
export async function privateJwk({ privateKey }: RawKey): Promise<JWK & JsonWebKey> {
  return { ...(await exportJWK(privateKey)) }
}

export interface ChangeNode {
  readonly kind: string
  readonly thumbprint: string | null
  readonly expiresAt: string | null
  readonly cursor: string
}

export const keyChangesSubscription = `subscription ($after: String) {
  keyChanges(after: $after) { kind thumbprint expiresAt cursor occurredAt }
}`

export interface ChangeFeed {
  /** The next one, `UP_TO_DATE` included. */
  nextOfAny(timeoutMs?: number): Promise<ChangeNode>
  /** The next one but `UP_TO_DATE`. */
  next(timeoutMs?: number): Promise<ChangeNode>
  close(): Promise<unknown>
}

/** Resolves when the subscription stands: it has said that it is up to date. */
export async function followOverSocket(
  url: string,
  key: RawKey,
  variables: { after?: string } = {},
): Promise<ChangeFeed> {
  const socket = await RawSocket.connect(url, key)
  socket.subscribe('changes', { query: keyChangesSubscription, variables })
  return standing(
    async (timeoutMs) => {
      const { type, payload } = await socket.next(timeoutMs)
      if (type !== 'next' || payload.errors) throw new Error(`${type}: ${JSON.stringify(payload)}`)
      const change: ChangeNode = payload.data.keyChanges
      return change
    },
    () => socket.close(),
    variables,
  )
}

/** As {@link followOverSocket}, over server-sent events. */
export async function followOverEvents(
  url: string,
  key: RawKey,
  variables: { after?: string } = {},
): Promise<ChangeFeed> {
  const events = await RawEvents.open(url, key, { query: keyChangesSubscription, variables })
  return standing(
    async (timeoutMs) => {
      const { event, data } = await events.next(timeoutMs)
      const result = event === 'next' ? JSON.parse(data) : {}
      if (!result.data) throw new Error(`${event}: ${data}`)
      const change: ChangeNode = result.data.keyChanges
      return change
    },
    () => events.close(),
    variables,
  )
}

async function standing(
  nextOfAny: ChangeFeed['nextOfAny'],
  close: ChangeFeed['close'],
  { after }: { after?: string },
): Promise<ChangeFeed> {
  const next: ChangeFeed['next'] = async (timeoutMs) => {
    for (;;) {
      const change = await nextOfAny(timeoutMs)
      if (change.kind !== 'UP_TO_DATE') return change
    }
  }
  // With a cursor the first one may be a change.
  if (after === undefined) await nextOfAny()
  return { nextOfAny, next, close }
}

export function revoke(
  url: string,
  { key }: RawAccount,
  variables: { id: string; reason?: string },
): Promise<GraphQLAnswer> {
  return call(url, key, {
    query: `mutation ($id: ID!, $reason: RevocationReason) { revokeTransactionKey(id: $id, reason: $reason) { thumbprint } }`,
    variables,
  })
}

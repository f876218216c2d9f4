import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { z } from 'zod'
import { BoundedBytes } from '../../schema/wire/bounded-bytes.ts'
import { thumbprintText } from '../lib/input.ts'
import { addressesOf, lookUpAmong } from '../outbound/addresses.ts'
import { isPublicAddress } from '../outbound/public-address.ts'
import type { ProofFailure } from '../../schema/wire/enums.ts'

export interface ReadKeyListOptions {
  /** Also http, and addresses that only the operator's own network reaches. */
  readonly allowsPrivate: boolean
  /** The addresses of a name; by default resolveName. */
  readonly resolve?: (name: string) => Promise<readonly string[]>
  readonly timeoutMs?: number
}

interface FetchOptions extends ReadKeyListOptions {
  readonly signal?: AbortSignal
}

const path = '/.well-known/claviger.json'
const timeoutMsDefault = 5_000
const bytesMax = 16 * 1024

const keyList = z.object({ keys: z.array(thumbprintText).max(100) })

/** The URL of an application server's document; null for a name that is not an origin, which has no document. */
export function documentUrlOf(
  name: string,
  { allowsPrivate }: Pick<ReadKeyListOptions, 'allowsPrivate'>,
): URL | null {
  const origin = URL.parse(name)
  const schemes = allowsPrivate ? ['https:', 'http:'] : ['https:']
  return origin?.origin === name && schemes.includes(origin.protocol) ? new URL(path, origin) : null
}

/**
 * Reads which keys an application server says are its own: RFC 7638 thumbprints in the member `keys`. Anybody who registers
 * chooses where this server connects to, so private addresses are refused, as for webhooks.
 *
 * @returns the thumbprints, or why there are none
 */
export async function readKeyList(
  url: URL,
  options: FetchOptions,
): Promise<readonly string[] | ProofFailure> {
  try {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? timeoutMsDefault)
    const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal])
    const addresses = await addressesOf(url, { resolve: options.resolve, signal })
    const isAllowed = options.allowsPrivate || addresses.every(isPublicAddress)
    if (addresses.length === 0 || !isAllowed) return 'UNREACHABLE'
    return await get(url, { addresses, signal })
  } catch {
    return 'UNREACHABLE'
  }
}

function get(
  url: URL,
  { addresses, signal }: { readonly addresses: readonly string[]; readonly signal: AbortSignal },
): Promise<readonly string[] | ProofFailure> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[] | ProofFailure>()
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const outgoing = request(url, {
    headers: { accept: 'application/json', 'user-agent': 'claviger' },
    lookup: lookUpAmong(addresses),
    // No connection is kept: its address was checked for this request.
    agent: false,
    maxHeaderSize: bytesMax,
    signal,
  })
  outgoing.on('response', (response) => {
    const answer = response.statusCode === 200 ? readDocument(response) : Promise.resolve('REFUSED' as const)
    response.on('error', reject)
    answer.then(resolve, reject).finally(() => {
      outgoing.destroy()
    })
  })
  outgoing.on('error', reject)
  outgoing.on('close', () => {
    reject(new Error('The connection was closed without an answer.'))
  })
  outgoing.end()
  return promise
}

async function readDocument(response: IncomingMessage): Promise<readonly string[] | 'MALFORMED'> {
  const body = new BoundedBytes(bytesMax)
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('A body without an encoding is bytes.')
    if (!body.append(chunk)) return 'MALFORMED'
  }
  try {
    const parsed = keyList.safeParse(JSON.parse(Buffer.from(body.bytes()).toString()))
    return parsed.success ? parsed.data.keys : 'MALFORMED'
  } catch {
    return 'MALFORMED'
  }
}

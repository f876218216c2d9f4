import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { BoundedBytes } from '../../schema/wire/bounded-bytes.ts'
import { thumbprintText } from '../lib/input.ts'
import { allowedAddresses } from '../outbound/addresses.ts'
import { sendRequest } from '../outbound/send-request.ts'
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
    const { allowsPrivate, resolve } = options
    const addresses = await allowedAddresses(url, { allowsPrivate, resolve, signal })
    return typeof addresses === 'string' ? 'UNREACHABLE' : await get(url, { addresses, signal })
  } catch {
    return 'UNREACHABLE'
  }
}

async function get(
  url: URL,
  connection: { readonly addresses: readonly string[]; readonly signal: AbortSignal },
): Promise<readonly string[] | ProofFailure> {
  const headers = { accept: 'application/json', 'user-agent': 'claviger' }
  const response = await sendRequest(url, { headers, ...connection })
  try {
    return response.statusCode === 200 ? await readDocument(response) : 'REFUSED'
  } finally {
    response.destroy()
  }
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

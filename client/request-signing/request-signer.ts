import {
  appRequestWithBodyProfile,
  appKeyHeader,
  appRequestProfile,
  serializeAppKey,
  serializeAppKeyid,
} from '../../schema/wire/signatures/app-signature.ts'
import { algorithmOf, contentDigest } from '../../schema/wire/signatures/http-signature.ts'
import { createMessageSigner } from '../transport/message-signer.ts'
import { applicationServerName } from '../../schema/wire/application-server.ts'
import { assertApplicationServer } from '../keys/check-arguments.ts'
import type { Session } from '../trust/session.ts'
import type { Clock } from '../transport/clock.ts'
import type { Fetch } from '../transport/signing-fetch.ts'
import { readRefusal } from './application-server-refusal.ts'
import { originsOf } from './origins.ts'
import { holdSigningKey, type SigningKey } from './signing-key.ts'

export interface RequestSignerOptions {
  /** Where the application server is reached. Default: the origin that its name is. Nothing is signed for another. */
  readonly origins?: readonly string[] | undefined
  /** How long to wait for the beginning of an answer, in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number | undefined
  /** Default: the vault's. */
  readonly fetch?: Fetch | undefined
}

/** Shows an application server who asks: its requests are signed with the transaction key that is kept for it. */
export interface RequestSigner {
  readonly applicationServer: string
  /**
   * As the global `fetch`, signed. The key is acquired, and counted, at the first request, and kept in memory. When the
   * application server answers that it has expired or was revoked, and the account has a newer one, that one is
   * acquired and the request sent once more; likewise when the clocks differ by at most 5 minutes. No request is sent
   * again for another reason, and none is redirected. The body is read into memory first.
   *
   * @throws {TypeError} for an URL of another origin, and whatever `fetch` throws.
   * @throws {VaultError} and {@link KeyServerError} as `vault.acquire` does; CLOCKS_DIFFER when the application server refuses
   *   the request because its clock differs by more.
   */
  readonly fetch: Fetch
  /** The signed request itself, to be sent by other means: once, and within a minute. */
  sign(input: string | URL | Request, init?: RequestInit): Promise<Request>
}

/** Makes a signer. Sends nothing yet. */
export function createRequestSigner(
  session: Session,
  name: string,
  options: RequestSignerOptions = {},
): RequestSigner {
  assertApplicationServer(name)
  const applicationServer = applicationServerName(name)
  const origins = originsOf(applicationServer, options.origins)
  const holder = holdSigningKey(session, applicationServer)
  // Its own clock: an application server has no say in how requests to the key server are signed.
  const clock = session.clock.branch()
  const signWith = (request: ReadRequest, key: SigningKey) =>
    signRequest(request, { key, clock, owner: session.owner })
  const { fetch = session.options.fetch, timeoutMs } = options
  const send = (request: Request) => sendInTime(request, { fetch, timeoutMs })
  return {
    applicationServer,
    sign: async (input, init) =>
      signWith(await readRequest(input, { init, origins }), await holder.current()),
    fetch: async (input, init) => {
      const request = await readRequest(input, { init, origins })
      const key = await holder.current()
      const response = await send(await signWith(request, key))
      const refusal = await readRefusal(response)
      if (refusal?.serverTime !== undefined) {
        clock.correct(refusal.serverTime)
        return send(await signWith(request, key))
      }
      const other = refusal?.isAboutKey ? await holder.insteadOf(key).catch(() => null) : null
      return other === null ? response : send(await signWith(request, other))
    },
  }
}

interface ReadRequest {
  readonly request: Request
  readonly body: Uint8Array<ArrayBuffer>
}

const timeoutMsDefault = 30_000

/** Reads the body, so that its very bytes can be signed and sent, twice if need be. */
async function readRequest(
  input: string | URL | Request,
  { init, origins }: { init: RequestInit | undefined; origins: readonly string[] },
): Promise<ReadRequest> {
  const request = new Request(input, init)
  if (!origins.includes(new URL(request.url).origin)) {
    throw new TypeError(`Requests are signed for ${origins.join(', ')} only.`)
  }
  return { request, body: new Uint8Array(await request.arrayBuffer()) }
}

async function signRequest(
  { request, body }: ReadRequest,
  { key, clock, owner }: { readonly key: SigningKey; readonly clock: Clock; readonly owner: string },
): Promise<Request> {
  const { publicKey, thumbprint, cryptoKey } = key
  const headers = new Headers(request.headers)
  headers.set(appKeyHeader, serializeAppKey(publicKey))
  const hasBody = body.length > 0
  if (hasBody) {
    if (!headers.has('content-type')) headers.set('content-type', 'application/octet-stream')
    headers.set('content-digest', await contentDigest(body))
  }
  const signer = createMessageSigner(
    { keyid: serializeAppKeyid({ owner, thumbprint }), alg: algorithmOf(publicKey), privateKey: cryptoKey },
    clock,
  )
  const { signatureInput, signature } = await signer.sign(
    hasBody ? appRequestWithBodyProfile : appRequestProfile,
    {
      ...Object.fromEntries(headers),
      '@method': request.method,
      '@target-uri': targetUri(request.url),
    },
  )
  headers.set('signature-input', signatureInput)
  headers.set('signature', signature)
  return new Request(request.url, {
    method: request.method,
    headers,
    ...(hasBody && { body }),
    signal: request.signal,
    credentials: request.credentials,
    cache: request.cache,
    referrerPolicy: request.referrerPolicy,
    // The signature is for this URL alone.
    redirect: request.redirect === 'manual' ? 'manual' : 'error',
  })
}

/** RFC 9421 §2.2.2: without the fragment, which is not sent. */
function targetUri(url: string): string {
  const parsed = new URL(url)
  parsed.hash = ''
  return parsed.href
}

async function sendInTime(
  request: Request,
  { fetch = globalThis.fetch, timeoutMs = timeoutMsDefault }: RequestSignerOptions,
): Promise<Response> {
  const ended = new AbortController()
  const end = () => {
    ended.abort(request.signal.reason)
  }
  const timer = setTimeout(() => {
    ended.abort(new DOMException('The application server did not answer in time.', 'TimeoutError'))
  }, timeoutMs)
  if (request.signal.aborted) end()
  request.signal.addEventListener('abort', end)
  try {
    return await fetch(request, { signal: ended.signal })
  } finally {
    clearTimeout(timer)
  }
}

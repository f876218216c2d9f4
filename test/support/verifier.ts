import { isDeepStrictEqual } from 'node:util'
import {
  appRequestWithBodyProfile,
  appKeyHeader,
  appRequestProfile,
  serializeAppKey,
  serializeAppKeyid,
} from '../../schema/wire/signatures/app-signature.ts'
import { parsePublicJwk } from '../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { limits } from '../../schema/wire/limits.ts'
import {
  contentDigest,
  type SignatureAlgorithm,
  type SignatureParameters,
  type SignatureProfile,
} from '../../schema/wire/signatures/http-signature.ts'
import type { ReceivedRequest } from '../../client/verifier/authenticate.ts'
import {
  createVerifierWith,
  type Verifier,
  type VerifierOptions,
} from '../../client/verifier/create-verifier.ts'
import type { VerifierEvent } from '../../client/verifier/events.ts'
import type { VerificationStatus } from '../../client/verifier/result.ts'
import { createSigner, sign, type Signer } from '../schema/wire/signatures/signers.ts'

export const shop = 'https://shop.example'
export const owner = 'alice'

/** 2026-11-23T06:21:00Z, as in the protocol's worked example. */
export const startSeconds = 1795414860

/** The fake key server's answer about a key. */
export interface FakeAnswer {
  readonly state: 'ACTIVE' | 'PENDING' | 'EXPIRED' | 'REVOKED'
  readonly notBefore?: Date
  readonly expiresAt?: Date
}

export interface FakeKeyServer {
  readonly fetch: typeof globalThis.fetch
  /** The owners in the queries, a list for each request. */
  readonly requests: (readonly string[])[]
  /** By owner and thumbprint, with a slash between. */
  readonly keys: Map<string, FakeAnswer>
  /** Called instead of answering; null: it answers. */
  fault: ((signal: AbortSignal | null) => Promise<Response>) | null
}

/** A key server that answers `verifyPublicKeys`, by a clock that is set. */
function fakeKeyServer(nowMs: () => number): FakeKeyServer {
  const server: FakeKeyServer = {
    requests: [],
    keys: new Map(),
    fault: null,
    fetch: async (_input, init) => {
      const text = init?.body instanceof Uint8Array ? new TextDecoder().decode(init.body) : ''
      const { inputs }: { inputs: { owner: string; applicationServer: string; publicKey: unknown }[] } =
        JSON.parse(text).variables
      server.requests.push(inputs.map((input) => input.owner))
      if (server.fault !== null) return server.fault(init?.signal ?? null)
      if (text.length > limits.unsignedBodyBytesMax) return refusal('TOO_LARGE')
      if (inputs.some(({ publicKey }) => isDeepStrictEqual(publicKey, unacceptable))) {
        return refusal('BAD_USER_INPUT')
      }
      const verifyPublicKeys = await Promise.all(
        inputs.map(async (input) => {
          const id = await thumbprint(parsePublicJwk(input.publicKey))
          const key = input.applicationServer === shop ? server.keys.get(`${input.owner}/${id}`) : undefined
          return {
            coincides: key !== undefined,
            valid: key?.state === 'ACTIVE',
            state: key?.state ?? null,
            notBefore: key?.notBefore?.toISOString() ?? null,
            expiresAt: key?.expiresAt?.toISOString() ?? null,
            checkedAt: new Date(nowMs()).toISOString(),
          }
        }),
      )
      return Response.json({ data: { verifyPublicKeys } })
    },
  }
  return server
}

/** A key that the key server refuses, as another version might. */
export const unacceptable = { kty: 'AKP', alg: 'ML-DSA-44', pub: 'A'.repeat(1750) } as const

function refusal(code: string): Response {
  return Response.json({ errors: [{ message: 'Refused.', extensions: { code } }] })
}

export interface Bench {
  readonly keyServer: FakeKeyServer
  readonly verifier: Verifier
  readonly events: VerifierEvent[]
  /** Advances both clocks by so many seconds. */
  readonly pass: (seconds: number) => void
  /** The machine sleeps for so many seconds: the monotonic clock stops. */
  readonly sleep: (seconds: number) => void
}

/** A verifier for the shop on a fake key server and stopped clocks. */
export function createBench(options: Partial<VerifierOptions> = {}): Bench {
  let passedMs = 0
  let sleptMs = 0
  const clocks = { nowMs: () => startSeconds * 1000 + passedMs + sleptMs, monotonicMs: () => passedMs }
  const keyServer = fakeKeyServer(clocks.nowMs)
  const events: VerifierEvent[] = []
  const verifier = createVerifierWith(
    {
      url: 'https://keys.example',
      applicationServer: shop,
      fetch: keyServer.fetch,
      onEvent: (event) => events.push(event),
      ...options,
    },
    clocks,
  )
  return {
    keyServer,
    verifier,
    events,
    pass: (seconds) => {
      passedMs += seconds * 1000
    },
    sleep: (seconds) => {
      sleptMs += seconds * 1000
    },
  }
}

/** A transaction key whose owner stored it at the fake key server. */
export async function knownKey(
  { keyServer }: Bench,
  {
    alg = 'ed25519',
    of = owner,
    ...answer
  }: Partial<FakeAnswer> & { readonly alg?: SignatureAlgorithm; readonly of?: string } = {},
): Promise<Signer> {
  const signer = await createSigner(alg)
  keyServer.keys.set(`${of}/${signer.keyid}`, { state: 'ACTIVE', ...answer })
  return signer
}

/** The status of a key of this owner. */
export async function statusOf({ verifier }: Bench, signer: Signer, of = owner): Promise<VerificationStatus> {
  return (await verifier.verify({ owner: of, publicKey: signer.jwk })).status
}

/** The answer of a key server about an active key without a term. */
export function validAnswerOf() {
  const checkedAt = new Date(startSeconds * 1000).toISOString()
  return { coincides: true, valid: true, state: 'ACTIVE', notBefore: null, expiresAt: null, checkedAt }
}

/** A request in parts that a test can change. */
export interface AppRequest {
  method: string
  target: string
  headers: Record<string, string>
  body: Uint8Array<ArrayBuffer>
}

/** Signs a request to an application server by hand, so that it can also be signed wrongly. */
export async function signAppRequest(
  signer: Signer,
  {
    method = 'POST',
    target = '/orders?id=1',
    body = '{"coffee":1}',
    origin = shop,
    of = owner,
    contentType = 'application/json',
    key = serializeAppKey(signer.jwk),
    profile,
    ...parameters
  }: Partial<SignatureParameters> & {
    readonly method?: string
    readonly target?: string
    readonly body?: string
    readonly origin?: string
    readonly of?: string
    readonly contentType?: string
    readonly key?: string
    readonly profile?: SignatureProfile
  } = {},
): Promise<AppRequest> {
  const bytes = new TextEncoder().encode(body)
  const headers: Record<string, string> = { [appKeyHeader]: key }
  if (bytes.length > 0) {
    headers['content-type'] = contentType
    headers['content-digest'] = await contentDigest(bytes)
  }
  const { signatureInput, signature } = await sign(signer, {
    profile: profile ?? (bytes.length > 0 ? appRequestWithBodyProfile : appRequestProfile),
    values: { ...headers, '@method': method, '@target-uri': `${origin}${target}` },
    keyid: serializeAppKeyid({ owner: of, thumbprint: signer.keyid }),
    created: startSeconds,
    expires: startSeconds + 60,
    ...parameters,
  })
  return {
    method,
    target,
    headers: { ...headers, 'signature-input': signatureInput, signature },
    body: bytes,
  }
}

/** The outcome of a request: `ok` or the code of its refusal. */
export async function outcomeOf(
  verifier: Verifier,
  { method, target, headers, body }: AppRequest,
): Promise<string> {
  const request: ReceivedRequest = { method, target, header: (name) => headers[name], body }
  const authentication = await verifier.authenticate(request)
  return 'caller' in authentication ? 'ok' : authentication.refusal.code
}

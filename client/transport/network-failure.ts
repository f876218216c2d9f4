import { VaultError } from '../errors.ts'

/**
 * The NETWORK error of a `fetch` that failed: its message names the cause, and `cause` carries the code. The runtime's
 * own error is not kept, because it may quote what was received.
 *
 * @param options.url the key server's origin
 */
export function networkFailure(error: unknown, { url }: { readonly url: string }): VaultError {
  const facts = factsOf(error)
  const detail = `${sentenceOf(facts, url)}${facts.code === null ? '' : ` (${facts.code})`}`
  return new VaultError('NETWORK', { detail, cause: causeOf(facts) })
}

/** The known facts of a failure, with nothing of what was received. */
interface FailureFacts {
  /** The operating system's, OpenSSL's or undici's code. */
  readonly code: string | null
  readonly syscall: string | null
  readonly isRedirect: boolean
}

/** The innermost of the errors that were caused by each other: Node's `fetch failed` says nothing by itself. */
function factsOf(error: unknown): FailureFacts {
  let facts: FailureFacts = { code: null, syscall: null, isRedirect: false }
  let inner = error
  for (let depth = 0; depth < 5 && inner instanceof Error; depth += 1) {
    facts = {
      code: textOf(inner, 'code') ?? facts.code,
      syscall: textOf(inner, 'syscall') ?? facts.syscall,
      isRedirect: facts.isRedirect || inner.message === 'unexpected redirect',
    }
    inner = inner instanceof AggregateError ? inner.errors[0] : inner.cause
  }
  return facts
}

/** A member that is a code: capitals, digits and underscores, or the name of a call. */
function textOf(error: Error, name: 'code' | 'syscall'): string | null {
  const value = new Map<string, unknown>(Object.entries(error)).get(name)
  return typeof value === 'string' && /^\w{1,64}$/.test(value) ? value : null
}

function causeOf({ code, syscall }: FailureFacts): Error | undefined {
  if (code === null) return undefined
  return Object.assign(new Error(syscall === null ? code : `${syscall} ${code}`), { code })
}

const dnsCodes = ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']

const cutOffCodes = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'ECONNABORTED']

const unreachableCodes = [
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]

/** OpenSSL's verification errors whose mend is another trusted certificate authority. */
const issuerCodes = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
]

function sentenceOf({ code, isRedirect }: FailureFacts, url: string): string {
  const { host, hostname } = new URL(url)
  if (isRedirect) {
    return `${host} redirects elsewhere, and a signed request is good for one address: give the address that it leads to.`
  }
  if (code === null) return withoutCode(url)
  if (dnsCodes.includes(code)) return `The name ${hostname} was not found in DNS.`
  if (code === 'ECONNREFUSED') return `Nothing listens at ${host}: the connection was refused.`
  if (cutOffCodes.includes(code)) return `The connection to ${host} was cut off.`
  if (unreachableCodes.includes(code)) return `There is no way to ${host}, or a firewall in between.`
  if (issuerCodes.includes(code)) {
    return `The TLS certificate of ${host} is by an authority that is not trusted here: NODE_EXTRA_CA_CERTS names a file of further ones.`
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return `The TLS certificate of ${host} is outside its term, or this machine's clock is wrong.`
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `The TLS certificate is not for ${hostname}.`
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) {
    return `There was no TLS connection to ${host}. Does it speak https there?`
  }
  return `The request to ${host} failed.`
}

/** Browsers say nothing of the cause, so that a page learns nothing of the network. */
function withoutCode(url: string): string {
  const { origin: page }: { readonly origin?: unknown } = globalThis
  if (typeof page !== 'string' || page === 'null') return 'The runtime does not say why.'
  if (page === new URL(url).origin) return 'The browser does not say why.'
  return (
    `The browser does not say why. For a page of ${page} the key server's ALLOWED_ORIGINS must name ${page} (CORS), and the ` +
    `page's Content-Security-Policy must let connect-src reach ${url}.`
  )
}

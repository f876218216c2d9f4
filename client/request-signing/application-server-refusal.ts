import { readBoundedBody } from '../transport/bounded-body.ts'

/** Why an application server did not let a request in, as far as its client can do something about it. */
export interface ApplicationServerRefusal {
  /** With SIGNATURE_EXPIRED: the application server's clock. */
  readonly serverTime?: Date
  /** The key is not, or no longer, valid. */
  readonly isAboutKey: boolean
}

const bytesMax = 4096

/** Reads the refusal in an answer, which stays readable; null when there is none. Never throws. */
export async function readRefusal(response: Response): Promise<ApplicationServerRefusal | null> {
  if (response.status !== 401 || !response.headers.get('content-type')?.startsWith('application/json'))
    return null
  try {
    const bytes = await readBoundedBody(response.clone().body, bytesMax)
    return bytes === null ? null : refusalOf(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    return null
  }
}

const codesAboutKey: ReadonlySet<string> = new Set([
  'KEY_UNKNOWN',
  'KEY_EXPIRED',
  'KEY_REVOKED',
  'KEY_UNCERTIFIED',
  'KEY_UNPROVED',
])

function refusalOf(answer: unknown): ApplicationServerRefusal | null {
  const error = member(answer, 'error')
  const code = member(error, 'code')
  if (typeof code === 'string' && codesAboutKey.has(code)) return { isAboutKey: true }
  const time = member(error, 'serverTime')
  const serverTime = code === 'SIGNATURE_EXPIRED' && typeof time === 'string' ? new Date(time) : null
  if (serverTime === null || Number.isNaN(serverTime.getTime())) return null
  return { isAboutKey: false, serverTime }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(name)
    : undefined
}

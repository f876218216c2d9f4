import { signatureRefusals, type SignatureRefusal } from '../../schema/wire/errors.ts'

/** The facts in a refused signature's answer: empty when the answer is about something else. */
export interface RefusedSignature {
  readonly reason?: SignatureRefusal
  /** With SIGNATURE_EXPIRED. */
  readonly serverTime?: Date
}

/** Reads the facts in the JSON text of a GraphQL answer. Never throws. */
export function refusedSignatureOf(text: string): RefusedSignature {
  const extensions = firstExtensions(parseJson(text))
  const reason = signatureRefusals.find((known) => known === member(extensions, 'reason'))
  const time = member(extensions, 'serverTime')
  const serverTime = typeof time === 'string' ? new Date(time) : null
  if (reason === undefined) return {}
  return serverTime === null || Number.isNaN(serverTime.getTime()) ? { reason } : { reason, serverTime }
}

function firstExtensions(answer: unknown): unknown {
  const errors = member(answer, 'errors')
  return Array.isArray(errors) ? member(errors[0], 'extensions') : undefined
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(name)
    : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

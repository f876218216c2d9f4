import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Received } from '../../support/webhook-receiver.ts'

/**
 * Checks a message as Standard Webhooks 1.0 tells receivers to, from its text and without anything of the server's.
 *
 * @param secret as shown: `whsec_` and base64
 */
export function isAuthentic({ headers, body }: Pick<Received, 'headers' | 'body'>, secret: string): boolean {
  const id = headers['webhook-id']
  const timestamp = headers['webhook-timestamp']
  const signatures = headers['webhook-signature']
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') return false
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest()
  return signatures.split(' ').some((signature) => {
    const [version, value = ''] = signature.split(',')
    const given = Buffer.from(value, 'base64')
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected)
  })
}

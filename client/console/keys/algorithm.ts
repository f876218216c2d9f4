import type { TransactionKey, TransactionKeyAlgorithm } from '../../index.ts'
import type { Message } from '../i18n/messages.ts'
import { keyMessages } from './keys.messages.ts'

export const algorithms = [
  'Ed25519',
  'P-256',
  'X25519',
  'A256GCM',
] as const satisfies readonly TransactionKeyAlgorithm[]

export const algorithmNames: Readonly<Record<(typeof algorithms)[number], Message>> = {
  Ed25519: keyMessages.algorithmEd25519,
  'P-256': keyMessages.algorithmP256,
  X25519: keyMessages.algorithmX25519,
  A256GCM: keyMessages.algorithmAES,
}

/** The uses of a key, by its public half; a key without one is symmetric. Null: another kind than this page makes. */
export function algorithmOf({ publicKey }: TransactionKey): (typeof algorithms)[number] | null {
  if (publicKey === null) return 'A256GCM'
  const curve = 'crv' in publicKey ? publicKey.crv : null
  return algorithms.find((algorithm) => algorithm === curve) ?? null
}

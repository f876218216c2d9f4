import { InvalidJwk, parseSigningJwk, type SigningJwk } from '../../schema/wire/keys/jwk.ts'
import { limits } from '../../schema/wire/limits.ts'
import { VaultError } from '../errors.ts'
import { acquireKey } from '../keys/acquire.ts'
import { readKeyPage } from '../keys/list.ts'
import type { DescribedTransactionKey } from '../keys/transaction-key.ts'
import type { Session } from '../trust/session.ts'

/** A transaction key that signs, acquired and ready. */
export interface SigningKey {
  /** UUID. */
  readonly id: string
  readonly publicKey: SigningJwk
  readonly thumbprint: string
  readonly cryptoKey: CryptoKey
  /** Null: its term has no end. */
  readonly expiresAt: Date | null
}

/** Keeps one signing key for an application server in memory: it is acquired, and counted, when it is first needed. */
export interface SigningKeyHolder {
  /** The key; acquired anew when there is none, or its term has ended. Calls that come meanwhile share one acquisition. */
  current(): Promise<SigningKey>
  /** The key to use instead of one that was refused; null when the account has no other. Without one, nothing is acquired. */
  insteadOf(refused: SigningKey): Promise<SigningKey | null>
}

export function holdSigningKey(session: Session, applicationServer: string): SigningKeyHolder {
  let held: Promise<SigningKey> | null = null
  const hold = (acquired: Promise<SigningKey>): Promise<SigningKey> => {
    held = acquired
    // A failure is not kept: the next call tries again.
    acquired.catch(() => {
      if (held === acquired) held = null
    })
    return acquired
  }
  const acquireNewest = async () => acquire(session, await newestSigningKey(session, applicationServer))
  return {
    current: async () => {
      const before = held
      const key = before === null ? null : await before
      if (key !== null && !hasEnded(key, session)) return key
      // Somebody else may have begun in the meantime.
      return held === before || held === null ? hold(acquireNewest()) : held
    },
    insteadOf: async (refused) => {
      const before = held
      const key = before === null ? null : await before
      if (key !== null && key.id !== refused.id) return key
      const newest = await newestSigningKey(session, applicationServer)
      if (newest.id === refused.id) return null
      return held === before || held === null ? hold(acquire(session, newest)) : held
    },
  }
}

function hasEnded({ expiresAt }: SigningKey, { clock }: Session): boolean {
  return expiresAt !== null && expiresAt.getTime() <= clock.nowSeconds() * 1000
}

/** The newest active key that can sign. Other keys for the same application server may be there to encrypt. */
async function newestSigningKey(
  session: Session,
  applicationServer: string,
): Promise<DescribedTransactionKey> {
  const { items } = await readKeyPage(session, { applicationServer, state: 'ACTIVE', first: limits.batchMax })
  const newest = items.find(
    (key) => key.applicationServer === applicationServer && signingJwkOf(key) !== null,
  )
  if (newest === undefined) {
    throw new VaultError('NO_ACTIVE_KEY', { detail: 'It asks for one of Ed25519 or P-256.' })
  }
  return newest
}

async function acquire(
  session: Session,
  { id, applicationServer }: DescribedTransactionKey,
): Promise<SigningKey> {
  const acquired = await acquireKey(session, { id })
  const publicKey = signingJwkOf(acquired)
  const { cryptoKey, thumbprint } = acquired
  if (acquired.applicationServer !== applicationServer || publicKey === null || thumbprint === null) {
    throw new VaultError('KEY_MISMATCH')
  }
  return { id: acquired.id, publicKey, thumbprint, cryptoKey, expiresAt: acquired.description.expiresAt }
}

function signingJwkOf({ publicKey }: { readonly publicKey: unknown }): SigningJwk | null {
  try {
    return parseSigningJwk(publicKey)
  } catch (error) {
    if (error instanceof InvalidJwk) return null
    throw error
  }
}

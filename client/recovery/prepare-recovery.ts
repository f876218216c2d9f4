import { publicManagementKey } from '../crypto/management-key.ts'
import { addManagementKey } from '../devices/add-key.ts'
import type { ApprovedDevice } from '../devices/approve.ts'
import type { RewrapOptions } from '../rotation/rewrap-keys.ts'
import type { Session } from '../trust/session.ts'
import { signEndorsement, signProof } from '../trust/endorse.ts'
import { createPhrase } from './phrase.ts'
import { recoveryLabel } from './recovery-label.ts'
import { recoveryKeyOf, type RecoveryKey } from './recovery-key.ts'
import { findRootId } from './root.ts'
import { VaultError } from '../errors.ts'

/** A recovery phrase that is not registered yet. */
export interface RecoveryDraft {
  /** 24 words, to be written down. They are not stored. */
  readonly words: readonly string[]

  /**
   * Registers the phrase's key, and rewraps every key that this device can open for it; later keys are wrapped for it too.
   * Make sure first that the words were written down. A repeated call does what is missing.
   */
  register(options?: RewrapOptions): Promise<ApprovedDevice>
}

/**
 * Creates a recovery phrase. It sends nothing before the phrase is registered. Where the runtime has no Ed25519 or no
 * X25519 its key is P-256 throughout.
 *
 * @throws {VaultError} RUNTIME_UNSUPPORTED.
 */
export async function prepareRecovery(session: Session): Promise<RecoveryDraft> {
  const words = createPhrase()
  const recoveryKey = await newRecoveryKey(words)
  const { managementKey } = recoveryKey
  return {
    words,
    register: async (options) => {
      const { owner, clock } = session
      const publicKeys = await publicManagementKey(managementKey)
      // First, because the response corrects this device's clock, which then dates the endorsement.
      const rootId = await findRootId(session)
      const endorsement = await signEndorsement(
        { ...publicKeys, kind: 'RECOVERY' },
        { owner, managementKey: session.managementKey, nowSeconds: clock.nowSeconds() },
      )
      const key = {
        ...publicKeys,
        id: managementKey.id,
        label: recoveryLabel(await recoveryKey.anchorTag({ owner, rootId })),
        kind: 'RECOVERY',
        endorsement,
        proof: await signProof(endorsement, managementKey),
      } as const
      const report = await addManagementKey(session, key, options)
      return { managementKeyId: managementKey.id, ...report }
    },
  }
}

async function newRecoveryKey(words: readonly string[]): Promise<RecoveryKey> {
  try {
    return await recoveryKeyOf(words)
  } catch (error) {
    if (!(error instanceof VaultError) || error.code !== 'RUNTIME_UNSUPPORTED') throw error
    return recoveryKeyOf(words, 'P-256')
  }
}

import { publicManagementKey } from '../crypto/management-key.ts'
import { addManagementKey } from '../devices/add-key.ts'
import type { ApprovedDevice } from '../devices/approve.ts'
import type { RewrapOptions } from '../rotation/rewrap-keys.ts'
import type { Session } from '../trust/session.ts'
import { signEndorsement, signProof } from '../trust/endorse.ts'
import { createPhrase } from './phrase.ts'
import { recoveryLabel } from './recovery-label.ts'
import { recoveryKeyOf } from './recovery-key.ts'
import { findRootId } from './root.ts'

/** A recovery phrase that is good for nothing yet. */
export interface RecoveryDraft {
  /** 24 words, to be written down. They are kept nowhere. */
  readonly words: readonly string[]

  /**
   * Registers the phrase's key with a copy of every key that this device can open; later keys are wrapped for it too.
   * Make sure before that the words were written down. Repeating it does what is missing.
   */
  register(options?: RewrapOptions): Promise<ApprovedDevice>
}

/** Makes a recovery phrase. Nothing is sent before it is registered. */
export async function prepareRecovery(session: Session): Promise<RecoveryDraft> {
  const words = createPhrase()
  const recoveryKey = await recoveryKeyOf(words)
  const { managementKey } = recoveryKey
  return {
    words,
    register: async (options) => {
      const { owner, clock } = session
      const publicKeys = await publicManagementKey(managementKey)
      // Asked first: the answer sets this device's clock right before anything is dated by it.
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

import { useState } from 'react'
import { openRecovery, type Recovery } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { connectionOptions, keystores } from '../../session/session.ts'
import { useSessionControl } from '../../session/session-context.tsx'
import { ActionForm } from '../../ui/action-form.tsx'
import { Notice } from '../../ui/display.tsx'
import { TextField } from '../../ui/field.tsx'
import { useAction } from '../../ui/use-action.ts'
import { AccountFields, isAddressComplete, noAddress } from './account-fields.tsx'
import { deviceName } from './device-name.ts'
import { StepHeading } from './step-heading.tsx'
import { useKeystoreChoice } from './use-keystore-choice.tsx'
import { welcomeMessages as m } from './welcome.messages.ts'

/** Brings an account back from its recovery phrase: first what there is, then the restoring. */
export function RestoreAccount({ onBack }: { readonly onBack: () => void }) {
  const { t } = useTranslator()
  const { enter } = useSessionControl()
  const [address, setAddress] = useState(noAddress)
  const [phrase, setPhrase] = useState('')
  const [recovery, setRecovery] = useState<Recovery | null>(null)
  const find = useAction(async () => {
    setRecovery(await openRecovery({ ...address, phrase, ...connectionOptions }))
  })
  const keystore = useKeystoreChoice()
  const restore = useAction(() =>
    keystore.use(async (keptBy) => {
      if (recovery === null) return
      const label = deviceName(navigator.userAgent) ?? t(m.deviceDefault)
      await recovery.restore({ keystore: keystores[keptBy], label })
      await enter(keptBy)
    }),
  )
  const isComplete = isAddressComplete(address) && phrase.trim() !== ''
  return (
    <ActionForm
      action={recovery === null ? find : restore}
      submit={t(recovery === null ? m.recoverFind : m.recoverConfirm)}
      isComplete={recovery !== null || isComplete}
      onBack={onBack}
    >
      <StepHeading title={t(m.recoverTitle)} lead={t(m.recoverHelp)} />
      {recovery === null ? (
        <>
          <AccountFields address={address} onChange={setAddress} />
          <TextField
            label={t(m.phrase)}
            help={t(m.phraseHelp)}
            value={phrase}
            onChange={setPhrase}
            isMultiline
            isMono
            rows={4}
            autoComplete="off"
          />
        </>
      ) : (
        <>
          <Notice tone="ok" isLive>
            {t(m.recoverFound, { count: recovery.restorable })}
          </Notice>
          {keystore.field}
          {recovery.missing.length > 0 && (
            <Notice tone="warn" title={t(m.recoverMissing, { count: recovery.missing.length })}>
              {recovery.missing.map(({ applicationServer }) => applicationServer).join(', ')}
            </Notice>
          )}
        </>
      )}
    </ActionForm>
  )
}

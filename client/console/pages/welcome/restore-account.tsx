import { useState } from 'react'
import { openRecovery, type Recovery } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { connectionOptions, keystore } from '../../session/session.ts'
import { useSessionControl } from '../../session/session-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { TextField } from '../../ui/field.tsx'
import { Form } from '../../ui/form.tsx'
import { useAction } from '../../ui/use-action.ts'
import { AccountFields, isAddressComplete, noAddress } from './account-fields.tsx'
import { deviceName } from './device-name.ts'
import { StepHeading } from './step-heading.tsx'
import styles from './welcome.module.css'
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
  const restore = useAction(async () => {
    if (recovery === null) return
    const label = deviceName(navigator.userAgent) ?? t(m.deviceDefault)
    enter((await recovery.restore({ keystore, label })).vault)
  })
  const isComplete = isAddressComplete(address) && phrase.trim() !== ''
  return (
    <Form
      onSubmit={() => {
        if (recovery !== null) restore.run()
        else if (isComplete) find.run()
      }}
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
          {recovery.missing.length > 0 && (
            <Notice tone="warn" title={t(m.recoverMissing, { count: recovery.missing.length })}>
              {recovery.missing.map(({ applicationServer }) => applicationServer).join(', ')}
            </Notice>
          )}
        </>
      )}
      {find.error !== null && <Failure error={find.error} />}
      {restore.error !== null && <Failure error={restore.error} />}
      <div className={styles.buttons}>
        <Button kind="quiet" onPress={onBack}>
          {t(m.back)}
        </Button>
        <Button
          kind="primary"
          type="submit"
          isPending={find.isPending || restore.isPending}
          isDisabled={recovery === null && !isComplete}
        >
          {t(recovery === null ? m.recoverFind : m.recoverConfirm)}
        </Button>
      </div>
    </Form>
  )
}

import { useState } from 'react'
import { createVault, KeyServerError, type RecoveryDraft } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { PhraseCheck, PhraseWords } from './phrase.tsx'
import { connectionOptions, keystores, type KeystoreChoice } from '../../session/session.ts'
import { useSessionControl } from '../../session/session-context.tsx'
import { ActionForm } from '../../ui/action-form.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/display.tsx'
import { TextField } from '../../ui/field.tsx'
import { useAction } from '../../ui/use-action.ts'
import { AccountFields, isAddressComplete, noAddress } from './account-fields.tsx'
import { deviceName } from './device-name.ts'
import { StepHeading } from './step-heading.tsx'
import { useKeystoreChoice } from './use-keystore-choice.tsx'
import { useRegistration } from './use-registration.ts'
import styles from './welcome.module.css'
import { welcomeMessages as m } from './welcome.messages.ts'

interface Made {
  readonly keptBy: KeystoreChoice
  readonly draft: RecoveryDraft
}

/** Name, recovery phrase, check: then everything is there. */
export function NewAccount({ onBack }: { readonly onBack: () => void }) {
  const { t } = useTranslator()
  const { enter } = useSessionControl()
  const [made, setMade] = useState<Made | null>(null)
  const [isChecking, setChecking] = useState(false)
  const register = useAction(async () => {
    if (made === null) return
    await made.draft.register()
    await enter(made.keptBy)
  })
  const later = useAction(async () => {
    if (made !== null) await enter(made.keptBy)
  })
  if (made === null) return <NameStep onBack={onBack} onMade={setMade} />
  if (!isChecking) {
    return (
      <>
        <StepHeading step={2} title={t(m.phraseTitle)} lead={t(m.phraseIntro)} />
        <PhraseWords words={made.draft.words} />
        <Notice tone="warn">{t(m.phraseWarning)}</Notice>
        <div className={styles.buttons}>
          <Button kind="quiet" isPending={later.isPending} onPress={later.run}>
            {t(m.phraseLater)}
          </Button>
          <Button
            kind="primary"
            onPress={() => {
              setChecking(true)
            }}
          >
            {t(m.continue)}
          </Button>
        </div>
      </>
    )
  }
  return (
    <>
      <StepHeading step={3} title={t(m.checkTitle)} lead={t(m.checkLead)} />
      <PhraseCheck
        words={made.draft.words}
        action={register}
        onBack={() => {
          setChecking(false)
        }}
      />
    </>
  )
}

function NameStep({
  onBack,
  onMade,
}: {
  readonly onBack: () => void
  readonly onMade: (made: Made) => void
}) {
  const { t } = useTranslator()
  const [address, setAddress] = useState(noAddress)
  const [label, setLabel] = useState(() => deviceName(navigator.userAgent) ?? t(m.deviceDefault))
  const [invitation, setInvitation] = useState('')
  const registration = useRegistration(address.url)
  const isInvited = registration === 'INVITE'
  const keystore = useKeystoreChoice()
  const create = useAction(() =>
    keystore.use(async (keptBy) => {
      const vault = await createVault({
        ...address,
        label,
        ...(isInvited && { invitation: invitation.trim() }),
        keystore: keystores[keptBy],
        ...connectionOptions,
      })
      onMade({ keptBy, draft: await vault.prepareRecovery() })
    }),
  )
  const code = create.error instanceof KeyServerError ? create.error.code : null
  const isTaken = code === 'CONFLICT'
  const isUninvited = isInvited && code === 'FORBIDDEN'
  return (
    <ActionForm
      action={create}
      submit={t(m.continue)}
      isComplete={
        isAddressComplete(address) && registration !== 'CLOSED' && (!isInvited || invitation.trim() !== '')
      }
      error={isTaken || isUninvited ? null : create.error}
      onBack={onBack}
    >
      <StepHeading
        step={1}
        title={t(m.newTitle)}
        lead={t(keystore.chosen === 'browser' ? m.thisBrowser : m.newHelp)}
      />
      <AccountFields
        address={address}
        error={isTaken ? t(m.nameTaken) : null}
        onChange={(changed) => {
          create.reset()
          setAddress(changed)
        }}
      />
      {isInvited && (
        <TextField
          label={t(m.invitation)}
          help={t(m.invitationHelp)}
          value={invitation}
          error={isUninvited ? t(m.invitationInvalid) : null}
          onChange={(changed) => {
            create.reset()
            setInvitation(changed)
          }}
        />
      )}
      {registration === 'CLOSED' && <Notice tone="warn">{t(m.registrationClosed)}</Notice>}
      <TextField label={t(m.device)} value={label} onChange={setLabel} />
      {keystore.field}
    </ActionForm>
  )
}

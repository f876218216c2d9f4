import { useEffect, useState } from 'react'
import { requestPairing, VaultError, type PairedKind, type PairingRequest } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { readMode } from '../../session/mode.ts'
import { connectionOptions, keystores, type KeystoreChoice } from '../../session/session.ts'
import { useSessionControl } from '../../session/session-context.tsx'
import { ActionForm } from '../../ui/action-form.tsx'
import { Button } from '../../ui/button.tsx'
import { Radios } from '../../ui/choice.tsx'
import { CodeBlock } from '../../ui/copy.tsx'
import { Notice } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { TextField } from '../../ui/field.tsx'
import { QrCode } from '../../ui/qr-code.tsx'
import { uiMessages } from '../../ui/ui.messages.ts'
import { useAction } from '../../ui/use-action.ts'
import { AccountFields, isAddressComplete, noAddress } from './account-fields.tsx'
import { deviceName } from './device-name.ts'
import { StepHeading } from './step-heading.tsx'
import { useKeystoreChoice } from './use-keystore-choice.tsx'
import styles from './welcome.module.css'
import { welcomeMessages as m } from './welcome.messages.ts'

interface Asked {
  readonly request: PairingRequest
  readonly keptBy: KeystoreChoice
}

/** Asks another device to approve this browser: in a copy for viewing only as a viewer, elsewhere as what one chooses. */
export function PairThisDevice({ onBack }: { readonly onBack: () => void }) {
  const { t } = useTranslator()
  const [address, setAddress] = useState(noAddress)
  const [label, setLabel] = useState(() => deviceName(navigator.userAgent) ?? t(m.deviceDefault))
  const isViewerOnly = readMode() === 'viewer'
  const [kind, setKind] = useState<PairedKind>(isViewerOnly ? 'VIEWER' : 'DEVICE')
  const [asked, setAsked] = useState<Asked | null>(null)
  const keystore = useKeystoreChoice()
  const ask = useAction(() =>
    keystore.use(async (keptBy) => {
      const options = { ...address, label, kind, keystore: keystores[keptBy], ...connectionOptions }
      setAsked({ keptBy, request: await requestPairing(options) })
    }),
  )
  if (asked !== null) {
    return (
      <Waiting
        {...asked}
        onAgain={() => {
          setAsked(null)
        }}
      />
    )
  }
  return (
    <ActionForm action={ask} submit={t(m.continue)} isComplete={isAddressComplete(address)} onBack={onBack}>
      <StepHeading
        title={t(isViewerOnly ? m.viewTitle : m.pairTitle)}
        lead={t(isViewerOnly ? m.viewHelp : m.pairHelp)}
      />
      <AccountFields address={address} onChange={setAddress} />
      <TextField label={t(m.device)} value={label} onChange={setLabel} />
      {keystore.field}
      {!isViewerOnly && (
        <Radios<PairedKind>
          label={t(m.pairKind)}
          value={kind}
          onChange={setKind}
          options={[
            { value: 'DEVICE', label: t(m.pairDevice), help: t(m.pairDeviceHelp) },
            { value: 'VIEWER', label: t(m.pairViewer), help: t(m.pairViewerHelp) },
          ]}
        />
      )}
    </ActionForm>
  )
}

function Waiting({ request, keptBy, onAgain }: Asked & { readonly onAgain: () => void }) {
  const { t } = useTranslator()
  const { enter } = useSessionControl()
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    const left = new AbortController()
    const wait = async () => {
      try {
        await request.approved({ signal: left.signal })
        await enter(keptBy)
      } catch (failure) {
        if (!left.signal.aborted) setError(failure)
      }
    }
    void wait()
    return () => {
      left.abort()
    }
  }, [request, keptBy, enter])
  const isGone = error instanceof VaultError && error.code === 'PAIRING_GONE'
  const isViewerOnly = readMode() === 'viewer'
  // The code stands behind the #, which no browser sends to a server. A copy for viewing only could not approve it.
  const link = isViewerOnly ? request.code : `${location.origin}/devices/approve#${request.code}`
  return (
    <>
      <StepHeading
        title={t(isViewerOnly ? m.viewTitle : m.pairTitle)}
        lead={t(isViewerOnly ? m.viewLead : m.pairLead)}
      />
      {error === null ? (
        <>
          <div className={styles.pair}>
            <QrCode text={link} label={t(m.pairCode)} className={styles.qr ?? ''} />
            <CodeBlock text={request.code} name={t(m.pairCode)} />
          </div>
          <div className={styles.form}>
            <h3>{t(m.pairWords)}</h3>
            <ol className={styles.fingerprint}>
              {request.words.map((word, index) => (
                <li key={index}>{word}</li>
              ))}
            </ol>
          </div>
          <Notice isLive>{t(m.pairWaiting)}</Notice>
        </>
      ) : isGone ? (
        <Notice tone="warn" isLive>
          {t(m.pairGone)}
        </Notice>
      ) : (
        <Failure error={error} />
      )}
      <div className={styles.buttons}>
        <Button kind="quiet" onPress={onAgain}>
          {t(uiMessages.back)}
        </Button>
      </div>
    </>
  )
}

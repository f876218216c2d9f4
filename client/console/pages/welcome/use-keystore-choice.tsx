import { useEffect, useState, type ReactNode } from 'react'
import { canUsePasskey, VaultError } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import type { KeystoreChoice } from '../../session/session.ts'
import { Radios } from '../../ui/choice.tsx'
import { Notice } from '../../ui/display.tsx'
import { welcomeMessages as m } from './welcome.messages.ts'

export interface KeystoreChoiceState {
  readonly chosen: KeystoreChoice
  /** The question, and what came of it. Nothing where this browser has no passkeys. */
  readonly field: ReactNode
  /** Runs something with the chosen keystore. A passkey that cannot seal a key is given up for the browser. */
  readonly use: (work: (chosen: KeystoreChoice) => Promise<void>) => Promise<void>
}

/** Asks what keeps this browser's key: a passkey where there can be one, else the browser itself. */
export function useKeystoreChoice(): KeystoreChoiceState {
  const { t } = useTranslator()
  const [canAsk, setCanAsk] = useState(false)
  const [chosen, setChosen] = useState<KeystoreChoice>('browser')
  const [wasGivenUp, setGivenUp] = useState(false)
  useEffect(() => {
    let isCurrent = true
    void canUsePasskey().then((can) => {
      if (!isCurrent || !can) return
      setCanAsk(true)
      setChosen('passkey')
    })
    return () => {
      isCurrent = false
    }
  }, [])
  const use = async (work: (chosen: KeystoreChoice) => Promise<void>) => {
    try {
      await work(chosen)
    } catch (error) {
      const isUnsupported = error instanceof VaultError && error.code === 'RUNTIME_UNSUPPORTED'
      if (chosen !== 'passkey' || !isUnsupported) throw error
      setGivenUp(true)
      setCanAsk(false)
      setChosen('browser')
    }
  }
  const field = (
    <>
      {canAsk && (
        <Radios<KeystoreChoice>
          label={t(m.keptBy)}
          value={chosen}
          onChange={setChosen}
          options={[
            { value: 'passkey', label: t(m.keptByPasskey), help: t(m.keptByPasskeyHelp) },
            { value: 'browser', label: t(m.keptByBrowser), help: t(m.keptByBrowserHelp) },
          ]}
        />
      )}
      {wasGivenUp && (
        <Notice tone="warn" isLive>
          {t(m.passkeyUnsupported)}
        </Notice>
      )}
    </>
  )
  return { chosen, field, use }
}

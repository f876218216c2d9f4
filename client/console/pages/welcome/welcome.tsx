import { useEffect, useState, type ComponentType } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import { Link, useLocation } from 'wouter'
import { BrandLink, BrandMark } from '../../app/brand.tsx'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import type { Message } from '../../i18n/messages.ts'
import { languageNames } from '../../i18n/language-names.ts'
import { languages } from '../../i18n/messages.ts'
import { readMode } from '../../session/mode.ts'
import { setPreferences, usePreferences } from '../../theme/preferences.ts'
import { Segments } from '../../ui/choice.tsx'
import { Notice } from '../../ui/display.tsx'
import { Icon, type IconName } from '../../ui/icon.tsx'
import { Explorer } from '../explorer/explorer.tsx'
import { Verify } from '../verify/verify.tsx'
import { NewAccount } from './new-account.tsx'
import { PairThisDevice } from './pair-this-device.tsx'
import { RestoreAccount } from './restore-account.tsx'
import styles from './welcome.module.css'
import { welcomeMessages as m } from './welcome.messages.ts'

/** Pages that need no account, by their paths. */
const publicPages: ReadonlyMap<string, ComponentType> = new Map([
  ['/verify', Verify],
  ['/explorer', Explorer],
])

type Path = 'start' | 'new' | 'pair' | 'recover'

/** The page for a browser without a key: a new account, an existing one, or nothing but a question. */
export function Welcome() {
  const { t } = useTranslator()
  const [location] = useLocation()
  const [path, setPath] = useState<Path>('start')
  useEffect(() => {
    document.title = 'Claviger'
  }, [])
  const back = () => {
    setPath('start')
  }
  const PublicPage = publicPages.get(location)
  if (PublicPage !== undefined) {
    return (
      <main className={styles.public}>
        <BrandLink />
        <PublicPage />
      </main>
    )
  }
  return (
    <div className={styles.screen}>
      <header className={styles.story}>
        <div className={styles.brand}>
          <BrandMark size={34} />
          Claviger
        </div>
        <h1>{t(m.subtitle)}</h1>
        <ul className={styles.points}>
          <Point icon="lock" title={m.point1} text={m.point1Text} />
          <Point icon="key" title={m.point2} text={m.point2Text} />
          <Point icon="bell" title={m.point3} text={m.point3Text} />
        </ul>
      </header>
      <main className={styles.side}>
        <div className={styles.panel}>
          {path === 'start' && <Start onChoose={setPath} />}
          {path === 'new' && <NewAccount onBack={back} />}
          {path === 'pair' && <PairThisDevice onBack={back} />}
          {path === 'recover' && <RestoreAccount onBack={back} />}
        </div>
      </main>
    </div>
  )
}

function Point({
  icon,
  title,
  text,
}: {
  readonly icon: IconName
  readonly title: Message
  readonly text: Message
}) {
  const { t } = useTranslator()
  return (
    <li>
      <Icon name={icon} size={22} />
      <strong>{t(title)}</strong>
      <span>{t(text)}</span>
    </li>
  )
}

function Start({ onChoose }: { readonly onChoose: (path: Path) => void }) {
  const { t } = useTranslator()
  const { language } = usePreferences()
  const isViewer = readMode() === 'viewer'
  return (
    <>
      <h2>{t(m.welcome)}</h2>
      {isViewer ? (
        <>
          <Notice tone="info" title={t(m.viewerTitle)}>
            {t(m.viewerText)}
          </Notice>
          <div className={styles.choices}>
            <Choice icon="eye" title={m.viewTitle} help={m.viewHelp} onPress={() => onChoose('pair')} />
          </div>
        </>
      ) : (
        <div className={styles.choices}>
          <Choice icon="plus" title={m.newTitle} help={m.newHelp} onPress={() => onChoose('new')} />
          <Choice icon="device" title={m.pairTitle} help={m.pairHelp} onPress={() => onChoose('pair')} />
          <Choice
            icon="lifebuoy"
            title={m.recoverTitle}
            help={m.recoverHelp}
            onPress={() => onChoose('recover')}
          />
        </div>
      )}
      <div className={styles.foot}>
        <Link to="/verify">{t(m.verify)}</Link>
        <Link to="/explorer">{t(m.explore)}</Link>
        <Segments
          label={t(m.language)}
          value={language}
          options={languages.map((value) => ({ value, label: languageNames[value] }))}
          onChange={(value) => {
            setPreferences({ language: value })
          }}
        />
      </div>
    </>
  )
}

function Choice({
  icon,
  title,
  help,
  onPress,
}: {
  readonly icon: IconName
  readonly title: Message
  readonly help: Message
  readonly onPress: () => void
}) {
  const { t } = useTranslator()
  return (
    <AriaButton className={styles.choice ?? ''} onPress={onPress}>
      <Icon name={icon} size={24} />
      <strong>{t(title)}</strong>
      <small>{t(help)}</small>
      <Icon name="chevron" size={18} />
    </AriaButton>
  )
}

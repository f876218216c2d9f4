import { useTranslator } from '../i18n/i18n-context.tsx'
import styles from './display.module.css'
import { uiMessages } from './ui.messages.ts'

/** Holds the place of what is still to come. */
export function Loading() {
  const { t } = useTranslator()
  return (
    <div className={styles.skeleton} role="status" aria-label={t(uiMessages.loading)}>
      <span />
      <span />
      <span />
    </div>
  )
}

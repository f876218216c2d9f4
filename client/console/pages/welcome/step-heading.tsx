import { useEffect, useRef } from 'react'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import styles from './welcome.module.css'
import { welcomeMessages as m } from './welcome.messages.ts'

/** The heading of one step; it gets the focus, so that a screen reader says what is next. */
export function StepHeading({
  step,
  title,
  lead,
}: {
  readonly step?: number
  readonly title: string
  readonly lead: string
}) {
  const { t } = useTranslator()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    // A field of the step that wants the focus has it already.
    if (!(document.activeElement instanceof HTMLInputElement)) heading.current?.focus()
  }, [])
  return (
    <div>
      {step !== undefined && <p className={styles.step}>{t(m.step, { count: step })}</p>}
      <h2 ref={heading} tabIndex={-1}>
        {title}
      </h2>
      <p className={styles.lead}>{lead}</p>
    </div>
  )
}

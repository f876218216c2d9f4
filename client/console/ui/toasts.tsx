import { useSyncExternalStore } from 'react'
import { Link } from 'wouter'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { Button } from './button.tsx'
import { cx } from './cx.ts'
import { errorText } from './error-text.ts'
import { Icon } from './icon.tsx'
import styles from './toasts.module.css'
import { uiMessages } from './ui.messages.ts'

export interface Toast {
  readonly tone: 'ok' | 'warn' | 'bad'
  readonly title: string
  readonly text?: string
  /** Where its title leads. */
  readonly to?: string
  /** A button, e.g. to undo what it tells of. The toast stays longer, and an error of it is told. */
  readonly action?: { readonly label: string; readonly run: () => Promise<void> | void }
}

interface ShownToast extends Toast {
  readonly id: number
}

/** More at once would hide the page; the oldest goes. */
const shownMax = 4
const lifeMs = 7_000
const lifeWithActionMs = 15_000

let shown: readonly ShownToast[] = []
let nextId = 0
const listeners = new Set<() => void>()

/** Says something in the corner of the page, and to screen readers. */
export function showToast(toast: Toast): void {
  const id = (nextId += 1)
  setShown([...shown, { ...toast, id }].slice(-shownMax))
  // A failure stays until it is dismissed.
  if (toast.tone !== 'bad') {
    setTimeout(
      () => {
        dismiss(id)
      },
      toast.action === undefined ? lifeMs : lifeWithActionMs,
    )
  }
}

export function Toasts() {
  const translator = useTranslator()
  const { t } = translator
  const act = async (id: number, run: () => Promise<void> | void) => {
    dismiss(id)
    try {
      await run()
    } catch (error) {
      showToast({ tone: 'bad', title: errorText(error, translator) })
    }
  }
  const toasts = useSyncExternalStore(subscribe, () => shown)
  return (
    <section className={styles.region} aria-label={t(uiMessages.notifications)} aria-live="polite">
      {toasts.map(({ id, tone, title, text, to, action }) => (
        <div key={id} className={cx(styles.toast, styles[tone])}>
          <Icon name={tone === 'ok' ? 'check' : 'alert'} size={18} />
          <div>
            <strong>{to === undefined ? title : <Link to={to}>{title}</Link>}</strong>
            {text !== undefined && <p>{text}</p>}
            {action !== undefined && (
              <Button icon="undo" onPress={() => void act(id, action.run)}>
                {action.label}
              </Button>
            )}
          </div>
          <Button
            kind="quiet"
            icon="close"
            label={t(uiMessages.dismiss)}
            onPress={() => {
              dismiss(id)
            }}
          />
        </div>
      ))}
    </section>
  )
}

function dismiss(id: number): void {
  setShown(shown.filter((toast) => toast.id !== id))
}

function setShown(toasts: readonly ShownToast[]): void {
  shown = toasts
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

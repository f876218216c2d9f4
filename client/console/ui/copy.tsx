import { useState } from 'react'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { Button, type ButtonKind } from './button.tsx'
import styles from './display.module.css'
import { uiMessages } from './ui.messages.ts'

export interface CopyButtonProps {
  readonly text: string
  /** The name of the copied text, for screen readers. */
  readonly name: string
  readonly kind?: ButtonKind
  /** Shown beside the picture; without it the button is a picture alone. */
  readonly children?: string
}

/** Copies a text, and says so for a moment. */
export function CopyButton({ text, name, kind = 'quiet', children }: CopyButtonProps) {
  const { t } = useTranslator()
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    // A browser may forbid it; then the text is there to be selected by hand.
    const isDone = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    )
    if (!isDone) return
    setCopied(true)
    setTimeout(() => {
      setCopied(false)
    }, 2000)
  }
  return (
    <Button
      kind={kind}
      icon={isCopied ? 'check' : 'copy'}
      label={
        children === undefined
          ? isCopied
            ? t(uiMessages.copied)
            : t(uiMessages.copyOf, { name })
          : undefined
      }
      onPress={() => {
        void copy()
      }}
    >
      {children !== undefined && isCopied ? t(uiMessages.copied) : children}
    </Button>
  )
}

/** A text of several lines to be taken along. */
export function CodeBlock({ text, name }: { readonly text: string; readonly name: string }) {
  return (
    <div className={styles.code}>
      <pre tabIndex={0} role="region" aria-label={name}>
        {text}
      </pre>
      <CopyButton text={text} name={name} />
    </div>
  )
}

/** An identifier, cut where it has no room, and whole in the clipboard. */
export function CopyableId({ text, name }: { readonly text: string; readonly name: string }) {
  return (
    <span className={styles.inlineCopy}>
      <code title={text}>{text}</code>
      <CopyButton text={text} name={name} />
    </span>
  )
}

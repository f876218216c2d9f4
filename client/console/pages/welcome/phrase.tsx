import { useState } from 'react'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import styles from './welcome.module.css'
import { welcomeMessages as m } from './welcome.messages.ts'
import { ActionForm } from '../../ui/action-form.tsx'
import { TextField } from '../../ui/field.tsx'
import type { Action } from '../../ui/use-action.ts'

/** The words of a recovery phrase, numbered. */
export function PhraseWords({ words }: { readonly words: readonly string[] }) {
  const { t } = useTranslator()
  return (
    <ol className={styles.words} aria-label={t(m.phrase)}>
      {words.map((word, index) => (
        <li key={index}>{word}</li>
      ))}
    </ol>
  )
}

const askedWords = 3

/** Asks for some of the words, and goes on when they are right. */
export function PhraseCheck({
  words,
  action,
  onBack,
}: {
  readonly words: readonly string[]
  readonly action: Action
  readonly onBack: () => void
}) {
  const { t } = useTranslator()
  const [positions] = useState(() => randomPositions(words.length))
  const [typed, setTyped] = useState<readonly string[]>(() => positions.map(() => ''))
  const [wasChecked, setChecked] = useState(false)
  const isRight = (index: number) => typed[index]?.trim().toLowerCase() === words[positions[index] ?? -1]
  const isComplete = positions.every((_, index) => isRight(index))
  return (
    <ActionForm
      action={action}
      submit={t(m.done)}
      onBack={onBack}
      onSubmit={() => {
        setChecked(true)
        if (isComplete) action.run()
      }}
    >
      {positions.map((position, index) => (
        <TextField
          key={position}
          label={t(m.word, { count: position + 1 })}
          value={typed[index] ?? ''}
          autoFocus={index === 0}
          autoComplete="off"
          isMono
          error={wasChecked && !isRight(index) ? t(m.checkError) : null}
          onChange={(word) => {
            setChecked(false)
            setTyped(typed.with(index, word))
          }}
        />
      ))}
    </ActionForm>
  )
}

/** Different ones, in ascending order. */
function randomPositions(count: number): number[] {
  const chosen = new Set<number>()
  while (chosen.size < Math.min(askedWords, count)) {
    chosen.add((crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % count)
  }
  return [...chosen].sort((a, b) => a - b)
}

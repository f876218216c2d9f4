import type { ReactNode } from 'react'
import {
  FieldError,
  Input,
  Label,
  SearchField as AriaSearchField,
  Text,
  TextArea,
  TextField as AriaTextField,
} from 'react-aria-components'
import { cx } from './cx.ts'
import styles from './field.module.css'
import { Icon } from './icon.tsx'

export interface TextFieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly help?: ReactNode
  /** Why the value is not accepted; null while there is nothing to say. */
  readonly error?: string | null
  /** Beside the label, e.g. "optional". */
  readonly note?: string
  readonly type?: 'text' | 'password' | 'url' | 'number' | 'date'
  readonly isMultiline?: boolean
  readonly isMono?: boolean
  readonly isRequired?: boolean
  readonly isReadOnly?: boolean
  readonly autoFocus?: boolean
  readonly autoComplete?: string
  readonly placeholder?: string
  readonly min?: string
  readonly rows?: number
}

export function TextField({ label, help, error, note, isMultiline, isMono, ...props }: TextFieldProps) {
  const { placeholder, min, rows, ...field } = props
  const className = cx(styles.input, isMono && styles.mono)
  return (
    <AriaTextField
      {...field}
      className={styles.field ?? ''}
      isInvalid={typeof error === 'string'}
      validationBehavior="aria"
    >
      <Label className={styles.label ?? ''}>
        {label}
        {note !== undefined && <span className={styles.optional}>{` (${note})`}</span>}
      </Label>
      {isMultiline ? (
        <TextArea className={className} placeholder={placeholder} rows={rows} spellCheck={false} />
      ) : (
        <Input
          className={className}
          placeholder={placeholder}
          min={min}
          spellCheck={false}
          autoCapitalize="none"
        />
      )}
      {help !== undefined && (error ?? null) === null && (
        <Text slot="description" className={styles.help ?? ''}>
          {help}
        </Text>
      )}
      <FieldError className={styles.error ?? ''}>{error}</FieldError>
    </AriaTextField>
  )
}

/** A search field without a visible label: `label` is its name for screen readers. */
export function SearchField({
  label,
  value,
  onChange,
}: {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
}) {
  return (
    <AriaSearchField className={styles.search ?? ''} aria-label={label} value={value} onChange={onChange}>
      <Icon name="search" size={18} />
      <Input className={styles.input ?? ''} placeholder={label} />
    </AriaSearchField>
  )
}

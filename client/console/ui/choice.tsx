import type { ReactNode } from 'react'
import {
  Button,
  CheckboxButton,
  CheckboxField,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  RadioButton,
  RadioField,
  RadioGroup,
  Select as AriaSelect,
  SelectValue,
  ToggleButton,
  ToggleButtonGroup,
} from 'react-aria-components'
import { cx } from './cx.ts'
import styles from './field.module.css'
import { Icon } from './icon.tsx'

export interface Option<Value extends string> {
  readonly value: Value
  readonly label: string
  /** A second line, for radios. */
  readonly help?: string
}

export interface ChoiceProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly options: readonly Option<Value>[]
  readonly onChange: (value: Value) => void
  /** The label is for screen readers alone. Default: of segments it is, of a list it is not. */
  readonly isLabelHidden?: boolean
}

export interface SelectProps<Value extends string> extends Omit<ChoiceProps<Value>, 'value'> {
  /** Null: nothing is chosen, and the placeholder is shown. */
  readonly value: Value | null
  readonly placeholder?: string
}

/** A list that opens on demand. */
export function Select<Value extends string>({
  label,
  value,
  options,
  onChange,
  isLabelHidden,
  placeholder,
}: SelectProps<Value>) {
  return (
    <AriaSelect
      className={styles.field ?? ''}
      aria-label={isLabelHidden ? label : undefined}
      value={value}
      placeholder={placeholder}
      onChange={(key) => {
        choose(options, String(key), onChange)
      }}
    >
      {!isLabelHidden && <Label className={styles.label ?? ''}>{label}</Label>}
      <Button className={cx(styles.input, styles.select)}>
        <SelectValue />
        <Icon name="chevron" size={16} />
      </Button>
      <Popover className={styles.popover ?? ''} offset={4}>
        <ListBox items={options}>
          {(option) => (
            <ListBoxItem id={option.value} textValue={option.label} className={styles.option ?? ''}>
              {({ isSelected }) => (
                <>
                  {option.label}
                  {isSelected && <Icon name="check" size={16} />}
                </>
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  )
}

/** A few choices side by side, one of which holds. */
export function Segments<Value extends string>({
  label,
  value,
  options,
  onChange,
  isLabelHidden = true,
}: ChoiceProps<Value>) {
  const group = (
    <ToggleButtonGroup
      className={styles.segments ?? ''}
      aria-label={label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[value]}
      onSelectionChange={(keys) => {
        for (const key of keys) choose(options, String(key), onChange)
      }}
    >
      {options.map((option) => (
        <ToggleButton key={option.value} id={option.value} className={styles.segment ?? ''}>
          {option.label}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  )
  if (isLabelHidden) return group
  return (
    <div className={styles.field}>
      <span className={styles.label} aria-hidden="true">
        {label}
      </span>
      {group}
    </div>
  )
}

/** Choices that need a sentence each. */
export function Radios<Value extends string>({
  label,
  value,
  options,
  onChange,
}: Omit<ChoiceProps<Value>, 'isLabelHidden'>) {
  return (
    <RadioGroup
      className={styles.field ?? ''}
      value={value}
      onChange={(key) => {
        choose(options, key, onChange)
      }}
    >
      <Label className={styles.label ?? ''}>{label}</Label>
      <div className={styles.radios}>
        {options.map((option) => (
          <RadioField key={option.value} value={option.value}>
            <RadioButton className={styles.radio ?? ''}>
              <strong>{option.label}</strong>
              {option.help !== undefined && <small>{option.help}</small>}
            </RadioButton>
          </RadioField>
        ))}
      </div>
    </RadioGroup>
  )
}

export function Checkbox({
  children,
  label,
  isSelected,
  isIndeterminate,
  isDisabled,
  onChange,
}: {
  readonly children?: ReactNode
  /** The name where there is no text. */
  readonly label?: string
  readonly isSelected: boolean
  readonly isIndeterminate?: boolean
  readonly isDisabled?: boolean
  readonly onChange: (isSelected: boolean) => void
}) {
  return (
    <CheckboxField
      aria-label={label}
      isSelected={isSelected}
      isIndeterminate={isIndeterminate}
      isDisabled={isDisabled}
      onChange={onChange}
    >
      <CheckboxButton className={styles.check ?? ''}>
        <span className={styles.box} aria-hidden="true">
          <Icon name={isIndeterminate ? 'dash' : 'check'} size={14} />
        </span>
        {children}
      </CheckboxButton>
    </CheckboxField>
  )
}

function choose<Value extends string>(
  options: readonly Option<Value>[],
  key: string,
  onChange: (value: Value) => void,
): void {
  const chosen = options.find(({ value }) => value === key)
  if (chosen !== undefined) onChange(chosen.value)
}

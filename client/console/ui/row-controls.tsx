import styles from './button.module.css'
import { cx } from './cx.ts'
import fieldStyles from './field.module.css'
import { Icon, type IconName } from './icon.tsx'

/*
 * The controls of a table's row, of which there are dozens in the window: elements of HTML, which are made in a tenth
 * of the time that React Aria's take.
 */

export function RowCheckbox({
  label,
  isSelected,
  onToggle,
}: {
  readonly label: string
  readonly isSelected: boolean
  readonly onToggle: () => void
}) {
  return (
    <label className={fieldStyles.check} data-selected={isSelected || undefined}>
      <input
        type="checkbox"
        className={fieldStyles.unseen}
        aria-label={label}
        checked={isSelected}
        onChange={onToggle}
      />
      <span className={fieldStyles.box} aria-hidden="true">
        <Icon name="check" size={14} />
      </span>
    </label>
  )
}

export function RowButton({
  label,
  icon,
  onPress,
}: {
  readonly label: string
  readonly icon: IconName
  readonly onPress: () => void
}) {
  return (
    <button
      type="button"
      className={cx(styles.button, styles.quiet, styles.square)}
      aria-label={label}
      title={label}
      onClick={onPress}
    >
      <Icon name={icon} size={18} />
    </button>
  )
}

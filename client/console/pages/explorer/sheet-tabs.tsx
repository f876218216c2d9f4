import { useTranslator } from '../../i18n/i18n-context.tsx'
import { Icon } from '../../ui/icon.tsx'
import { cx } from '../../ui/cx.ts'
import { explorerMessages as m } from './explorer.messages.ts'
import styles from './explorer.module.css'
import { operationAt } from './operation.ts'
import type { Sheet } from './use-desk.ts'

export interface SheetTabsProps {
  readonly sheets: readonly Sheet[]
  readonly currentId: string
  readonly onSelect: (id: string) => void
  readonly onClose: (sheet: Sheet) => void
  readonly onOpen: () => void
}

/** The open documents, each by the name of its operation. */
export function SheetTabs({ sheets, currentId, onSelect, onClose, onOpen }: SheetTabsProps) {
  const { t } = useTranslator()
  return (
    <ul className={styles.tabs} aria-label={t(m.openDocuments)}>
      {sheets.map((sheet) => {
        const title = operationAt(sheet.document).title || t(m.untitled)
        return (
          <li key={sheet.id} className={cx(styles.tab, sheet.id === currentId && styles.currentTab)}>
            <button
              type="button"
              aria-current={sheet.id === currentId}
              onClick={() => {
                onSelect(sheet.id)
              }}
            >
              {title}
            </button>
            {sheets.length > 1 && (
              <button
                type="button"
                aria-label={t(m.closeDocument, { title })}
                onClick={() => {
                  onClose(sheet)
                }}
              >
                <Icon name="close" size={14} />
              </button>
            )}
          </li>
        )
      })}
      <li className={styles.tab}>
        <button type="button" aria-label={t(m.newDocument)} title={t(m.newDocument)} onClick={onOpen}>
          <Icon name="plus" size={16} />
        </button>
      </li>
    </ul>
  )
}

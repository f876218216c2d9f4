import { auditActions, type ManagementKeyDescription } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Segments, Select } from '../../ui/choice.tsx'
import { TextField } from '../../ui/field.tsx'
import { deviceNameOf } from '../devices/device-name-of.ts'
import styles from './audit.module.css'
import { auditMessages as m } from './audit.messages.ts'
import type { AuditChoice } from './use-audit-filter.ts'

interface FilterBarProps {
  readonly choice: AuditChoice
  readonly choose: (name: keyof AuditChoice, value: string | null) => void
  readonly devices: readonly ManagementKeyDescription[]
}

export function FilterBar({ choice, choose, devices }: FilterBarProps) {
  const { t } = useTranslator()
  const { action, result, key, device, from, to } = choice
  const isOneOfThese = devices.some(({ id }) => id === device)
  return (
    <div className={styles.filters}>
      <Select
        label={t(m.action)}
        value={action ?? 'ALL'}
        options={[
          { value: 'ALL', label: t(m.allActions) },
          ...auditActions.map((value) => ({ value, label: t(m[value]) })),
        ]}
        onChange={(value) => {
          choose('action', value === 'ALL' ? null : value)
        }}
      />
      <Select
        label={t(m.by)}
        value={device ?? 'ALL'}
        options={[
          { value: 'ALL', label: t(m.allDevices) },
          ...devices.map((known) => ({ value: known.id, label: deviceNameOf(known, t) })),
          ...(device === null || isOneOfThese ? [] : [{ value: device, label: t(m.otherDevice) }]),
        ]}
        onChange={(value) => {
          choose('device', value === 'ALL' ? null : value)
        }}
      />
      <TextField
        label={t(m.from)}
        type="date"
        value={from}
        onChange={(value) => {
          choose('from', value)
        }}
      />
      <TextField
        label={t(m.to)}
        type="date"
        value={to}
        onChange={(value) => {
          choose('to', value)
        }}
      />
      <Segments
        label={t(m.result)}
        isLabelHidden={false}
        value={result}
        options={[
          { value: 'all', label: t(m.allResults) },
          { value: 'granted', label: t(m.granted) },
          { value: 'refused', label: t(m.refused) },
        ]}
        onChange={(value) => {
          choose('result', value === 'all' ? null : value)
        }}
      />
      {key !== null && (
        <Button
          icon="close"
          onPress={() => {
            choose('key', null)
          }}
        >
          {t(m.allKeys)}
        </Button>
      )}
    </div>
  )
}

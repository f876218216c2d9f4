import { alertKinds, type AlertKind } from '../../index.ts'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { Checkbox, Segments } from '../ui/choice.tsx'
import type { Translator } from '../i18n/translate.ts'
import { Stack } from '../ui/page.tsx'
import { receiversMessages as m } from './receivers.messages.ts'

/** The kinds of alerts that are sent; null: all. */
export type ChosenKinds = readonly AlertKind[] | null

/** Changes of channels are told to every channel, whatever is chosen. */
const choosable = alertKinds.filter((kind) => kind !== 'CHANNEL_CHANGED')

/** Chooses all alerts, or some kinds of them: at first every kind, to leave out those that are not wanted. */
export function KindsField({
  kinds,
  onChange,
}: {
  readonly kinds: ChosenKinds
  readonly onChange: (kinds: ChosenKinds) => void
}) {
  const { t } = useTranslator()
  return (
    <>
      <Segments
        label={t(m.which)}
        isLabelHidden={false}
        value={kinds === null ? 'all' : 'some'}
        options={[
          { value: 'all', label: t(m.all) },
          { value: 'some', label: t(m.some) },
        ]}
        onChange={(choice) => {
          onChange(choice === 'all' ? null : (kinds ?? choosable))
        }}
      />
      {kinds !== null && (
        <Stack>
          {choosable.map((kind) => (
            <Checkbox
              key={kind}
              isSelected={kinds.includes(kind)}
              onChange={(isSelected) => {
                onChange(choosable.filter((one) => (one === kind ? isSelected : kinds.includes(one))))
              }}
            >
              {t(m[kind])}
            </Checkbox>
          ))}
        </Stack>
      )}
    </>
  )
}

/** A line that says which alerts are sent; false when all are. */
export function kindsLine(kinds: readonly string[] | null, { t }: Translator): string | false {
  if (kinds === null) return false
  const names = kinds.map((kind) => {
    const known = alertKinds.find((one) => one === kind)
    return known === undefined ? kind : t(m[known])
  })
  return t(m.only, { kinds: names.join(' · ') })
}

import type { OverusePolicy } from '../../index.ts'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { Radios, Segments } from '../ui/choice.tsx'
import { TextField } from '../ui/field.tsx'
import { uiMessages } from '../ui/ui.messages.ts'
import { termsMessages as m } from './terms.messages.ts'
import { isMaxUses, type TermChoice, type Terms } from './terms.ts'

/** The fields for how long and how often a key may be used. */
export function TermsForm({
  terms,
  onChange,
}: {
  readonly terms: Terms
  readonly onChange: (terms: Terms) => void
}) {
  const { t } = useTranslator()
  return (
    <>
      <TextField
        label={t(m.label)}
        note={t(uiMessages.optional)}
        help={t(m.labelHelp)}
        value={terms.label}
        onChange={(label) => {
          onChange({ ...terms, label })
        }}
      />
      <Segments<TermChoice>
        label={t(m.term)}
        isLabelHidden={false}
        value={terms.term}
        options={[
          { value: '30', label: t(m.days30) },
          { value: '90', label: t(m.days90) },
          { value: '365', label: t(m.year) },
          { value: 'date', label: t(m.date) },
          { value: 'never', label: t(m.never) },
        ]}
        onChange={(term) => {
          onChange({ ...terms, term })
        }}
      />
      {terms.term === 'date' && (
        <TextField
          label={t(m.endsOn)}
          type="date"
          value={terms.date}
          min={new Date().toISOString().slice(0, 10)}
          onChange={(date) => {
            onChange({ ...terms, date })
          }}
        />
      )}
      <TextField
        label={t(m.maxUses)}
        note={t(uiMessages.optional)}
        help={t(m.maxUsesHelp)}
        type="number"
        value={terms.maxUses}
        min="1"
        error={isMaxUses(terms.maxUses) ? null : t(m.maxUsesInvalid)}
        onChange={(maxUses) => {
          onChange({ ...terms, maxUses })
        }}
      />
      {terms.maxUses !== '' && (
        <Radios<OverusePolicy>
          label={t(m.policy)}
          value={terms.overusePolicy}
          options={[
            { value: 'NOTIFY', label: t(m.NOTIFY) },
            { value: 'REFUSE', label: t(m.REFUSE) },
          ]}
          onChange={(overusePolicy) => {
            onChange({ ...terms, overusePolicy })
          }}
        />
      )}
    </>
  )
}

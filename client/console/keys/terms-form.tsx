import type { OverusePolicy } from '../../index.ts'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { Radios } from '../ui/choice.tsx'
import { TextField } from '../ui/field.tsx'
import { uiMessages } from '../ui/ui.messages.ts'
import { TermField } from './term-field.tsx'
import { termsMessages as m } from './terms.messages.ts'
import { isMaxUses, type Terms } from './terms.ts'

export interface TermsFormProps {
  readonly terms: Terms
  readonly onChange: (terms: Terms) => void
}

/** The fields for how long and how often a key may be used. */
export function TermsForm({ terms, onChange }: TermsFormProps) {
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
      <TermField terms={terms} onChange={onChange} />
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

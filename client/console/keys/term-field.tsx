import { useTranslator } from '../i18n/i18n-context.tsx'
import { Segments } from '../ui/choice.tsx'
import { TextField } from '../ui/field.tsx'
import type { TermsFormProps } from './terms-form.tsx'
import { termsMessages as m } from './terms.messages.ts'
import type { TermChoice } from './terms.ts'

/** Until when a key is valid. */
export function TermField({ terms, onChange }: TermsFormProps) {
  const { t } = useTranslator()
  return (
    <>
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
    </>
  )
}

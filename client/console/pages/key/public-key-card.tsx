import { useEffect, useState } from 'react'
import type { PublicJwk } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { publicFormsOf, type PublicForms } from '../../keys/public-forms.ts'
import { Segments } from '../../ui/choice.tsx'
import { CodeBlock } from '../../ui/copy.tsx'
import { Card, Muted } from '../../ui/page.tsx'
import { keyPageMessages as m } from './key.messages.ts'

const formNames = { jwk: 'JWK', pem: 'PEM', openSsh: 'OpenSSH' } as const

type FormName = keyof typeof formNames

const formOrder: readonly FormName[] = ['jwk', 'pem', 'openSsh']

/** The public half in the forms that other programs take. */
export function PublicKeyCard({ publicKey, name }: { readonly publicKey: PublicJwk; readonly name: string }) {
  const { t } = useTranslator()
  const [forms, setForms] = useState<PublicForms | null>(null)
  const [chosen, setChosen] = useState<FormName>('jwk')
  useEffect(() => {
    let isCurrent = true
    void publicFormsOf(publicKey, name).then((found) => {
      if (isCurrent) setForms(found)
    })
    return () => {
      isCurrent = false
    }
  }, [publicKey, name])
  const available = formOrder.filter((form) => typeof forms?.[form] === 'string')
  return (
    <Card
      title={t(m.publicKey)}
      actions={
        <Segments
          label={t(m.publicKeyForm)}
          value={chosen}
          onChange={setChosen}
          options={available.map((value) => ({ value, label: formNames[value] }))}
        />
      }
    >
      <Muted>{t(m.publicKeyHelp)}</Muted>
      <CodeBlock text={forms?.[chosen] ?? ''} name={`${t(m.publicKey)} ${formNames[chosen]}`} />
    </Card>
  )
}

import { useState } from 'react'
import { channelKinds, type Channel, type ChannelKind, type Vault } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { useSession } from '../../session/session-context.tsx'
import { KindsField, type ChosenKinds } from '../../receivers/kinds-field.tsx'
import { ActionForm } from '../../ui/action-form.tsx'
import { Select } from '../../ui/choice.tsx'
import { TextField } from '../../ui/field.tsx'
import { useAction } from '../../ui/use-action.ts'
import { channelNames } from './channel-names.ts'
import { channelsMessages as m } from './channels.messages.ts'

/** Its messages are in the language of the page. */
export function AddChannel({
  owner,
  onAdded,
}: {
  readonly owner: Vault
  readonly onAdded: (channel: Channel) => void
}) {
  const { t, language } = useTranslator()
  const { channels } = useSession()
  const [kind, setKind] = useState<ChannelKind>('EMAIL')
  const [target, setTarget] = useState('')
  const [kinds, setKinds] = useState<ChosenKinds>(null)
  const add = useAction(async () => {
    const added = await owner.addChannel(kind, target.trim(), {
      language: language === 'de' ? 'DE' : 'EN',
      ...(kinds !== null && { kinds }),
    })
    await channels.reload()
    onAdded(added)
  })
  const isTarget = kind === 'EMAIL' ? target.includes('@') : URL.canParse(target)
  const isComplete = isTarget && kinds?.length !== 0
  return (
    <ActionForm action={add} submit={t(m.add)} isComplete={isComplete} isInDialog>
      <Select
        label={t(m.kind)}
        value={kind}
        options={channelKinds.map((value) => ({ value, label: channelNames.get(value) ?? value }))}
        onChange={setKind}
      />
      <TextField
        label={t(kind === 'EMAIL' ? m.address : m.url)}
        help={t(kind === 'EMAIL' ? m.addressHelp : m.urlHelp)}
        type={kind === 'EMAIL' ? 'text' : 'url'}
        value={target}
        onChange={setTarget}
        autoFocus
      />
      <KindsField kinds={kinds} onChange={setKinds} />
    </ActionForm>
  )
}

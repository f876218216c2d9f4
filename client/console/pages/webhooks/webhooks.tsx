import { useState } from 'react'
import type { Vault, Webhook } from '../../../index.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { KindsField, kindsLine, type ChosenKinds } from '../../receivers/kinds-field.tsx'
import { ReceiversPage } from '../../receivers/receivers-page.tsx'
import { RemoveButton } from '../../receivers/remove-button.tsx'
import { useSession } from '../../session/session-context.tsx'
import { ActionForm } from '../../ui/action-form.tsx'
import { Button } from '../../ui/button.tsx'
import { CodeBlock } from '../../ui/copy.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Badge } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { TextField } from '../../ui/field.tsx'
import { Item } from '../../ui/item-list.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { uiMessages } from '../../ui/ui.messages.ts'
import { useAction } from '../../ui/use-action.ts'
import { useNow } from '../../ui/use-now.ts'
import { webhooksMessages as m } from './webhooks.messages.ts'

export function Webhooks() {
  const { t } = useTranslator()
  const { webhooks } = useSession()
  const [secret, setSecret] = useState<string | null>(null)
  return (
    <ReceiversPage
      resource={webhooks}
      icon="webhook"
      texts={{
        title: t(m.title),
        add: t(m.add),
        emptyTitle: t(m.emptyTitle),
        emptyText: t(m.emptyText),
      }}
      item={(webhook, owner) => <WebhookItem key={webhook.id} webhook={webhook} owner={owner} />}
      adding={(owner, close) => (
        <AddWebhook
          owner={owner}
          onAdded={(made) => {
            close()
            setSecret(made)
          }}
        />
      )}
    >
      <Dialog
        title={t(m.secret)}
        isOpen={secret !== null}
        isAlert
        onClose={() => {
          setSecret(null)
        }}
      >
        <p>{t(m.secretText)}</p>
        <CodeBlock text={secret ?? ''} name={t(m.secret)} />
        <DialogActions>
          <Button
            kind="primary"
            onPress={() => {
              setSecret(null)
            }}
          >
            {t(uiMessages.close)}
          </Button>
        </DialogActions>
      </Dialog>
    </ReceiversPage>
  )
}

function AddWebhook({
  owner,
  onAdded,
}: {
  readonly owner: Vault
  readonly onAdded: (secret: string | null) => void
}) {
  const { t } = useTranslator()
  const { webhooks } = useSession()
  const [url, setUrl] = useState('https://')
  const [kinds, setKinds] = useState<ChosenKinds>(null)
  const add = useAction(async () => {
    const { secret } = await owner.setWebhook(url.trim(), kinds === null ? {} : { kinds })
    await webhooks.reload()
    onAdded(secret)
  })
  return (
    <ActionForm
      action={add}
      submit={t(m.add)}
      isComplete={URL.canParse(url) && kinds?.length !== 0}
      isInDialog
    >
      <TextField
        label={t(m.address)}
        help={t(m.addressHelp)}
        type="url"
        value={url}
        onChange={setUrl}
        autoFocus
      />
      <KindsField kinds={kinds} onChange={setKinds} />
    </ActionForm>
  )
}

function WebhookItem({ webhook, owner }: { readonly webhook: Webhook; readonly owner: Vault | null }) {
  const translator = useTranslator()
  const { t, relative } = translator
  const { webhooks } = useSession()
  const now = useNow()
  const redeliver = useAction(async () => {
    await owner?.redeliverWebhook(webhook.id)
    await webhooks.reload()
    showToast({ tone: 'ok', title: t(m.redelivered) })
  })
  const remove = useAction(async () => {
    await owner?.removeWebhook(webhook.id)
    await webhooks.reload()
  })
  const { url, failingSince, failure, disabledAt, lastDeliveredAt, nextAttemptAt, deadLetterCount } = webhook
  const isWell = failingSince === null && disabledAt === null
  return (
    <Item
      icon="webhook"
      title={url}
      badges={
        <>
          <Badge tone={isWell ? 'ok' : 'bad'}>
            {t(isWell ? m.ok : disabledAt === null ? m.failing : m.disabled)}
          </Badge>
          {deadLetterCount > 0 && <Badge tone="warn">{t(m.dead, { count: deadLetterCount })}</Badge>}
        </>
      }
      lines={[
        kindsLine(webhook.kinds, translator),
        failingSince !== null &&
          t(m.failingSince, { when: relative(failingSince, now), failure: failure ?? '' }),
        lastDeliveredAt === null
          ? t(m.deliveredNever)
          : t(m.delivered, { when: relative(lastDeliveredAt, now) }),
        nextAttemptAt !== null && t(m.waiting, { when: relative(nextAttemptAt, now) }),
      ]}
      actions={
        owner !== null && (
          <>
            <Button icon="rotate" isPending={redeliver.isPending} onPress={redeliver.run}>
              {t(m.redeliver)}
            </Button>
            <RemoveButton
              action={remove}
              label={t(m.remove)}
              confirm={t(m.removeConfirm)}
              warning={t(m.removeText, { url })}
            />
            {redeliver.error !== null && <Failure error={redeliver.error} />}
          </>
        )
      }
    />
  )
}

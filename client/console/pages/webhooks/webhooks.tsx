import { useState } from 'react'
import type { Vault, Webhook } from '../../../index.ts'
import { useResource } from '../../data/resource.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { useSession } from '../../session/session-context.tsx'
import { ActionForm } from '../../ui/action-form.tsx'
import { Button } from '../../ui/button.tsx'
import { CodeBlock } from '../../ui/copy.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Badge, EmptyState, Notice } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { TextField } from '../../ui/field.tsx'
import { Item, ItemList } from '../../ui/item-list.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Page } from '../../ui/page.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { uiMessages } from '../../ui/ui.messages.ts'
import { useAction } from '../../ui/use-action.ts'
import { useNow } from '../../ui/use-now.ts'
import { webhooksMessages as m } from './webhooks.messages.ts'

export function Webhooks() {
  const { t } = useTranslator()
  const { webhooks, owner } = useSession()
  const { data, error } = useResource(webhooks)
  const [isAdding, setAdding] = useState(false)
  const [secret, setSecret] = useState<string | null>(null)
  const add = owner !== null && (
    <Button
      kind="primary"
      icon="plus"
      onPress={() => {
        setAdding(true)
      }}
    >
      {t(m.add)}
    </Button>
  )
  return (
    <Page title={t(m.title)} actions={data !== undefined && data.length > 0 && add}>
      {error !== null && <Failure error={error} onRetry={() => void webhooks.reload()} />}
      {data === undefined && error === null && <Loading />}
      {data?.length === 0 && (
        <EmptyState icon="webhook" title={t(m.emptyTitle)} actions={add}>
          {t(m.emptyText)}
        </EmptyState>
      )}
      <ItemList label={t(m.title)}>
        {data?.map((webhook) => (
          <WebhookItem key={webhook.id} webhook={webhook} owner={owner} />
        ))}
      </ItemList>
      {owner !== null && (
        <Dialog
          title={t(m.add)}
          isOpen={isAdding}
          onClose={() => {
            setAdding(false)
          }}
        >
          <AddWebhook
            owner={owner}
            onAdded={(made) => {
              setAdding(false)
              setSecret(made)
            }}
          />
        </Dialog>
      )}
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
    </Page>
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
  const add = useAction(async () => {
    const { secret } = await owner.setWebhook(url.trim())
    await webhooks.reload()
    onAdded(secret)
  })
  return (
    <ActionForm action={add} submit={t(m.add)} isComplete={URL.canParse(url)} isInDialog>
      <TextField
        label={t(m.address)}
        help={t(m.addressHelp)}
        type="url"
        value={url}
        onChange={setUrl}
        autoFocus
      />
    </ActionForm>
  )
}

function WebhookItem({ webhook, owner }: { readonly webhook: Webhook; readonly owner: Vault | null }) {
  const { t, relative } = useTranslator()
  const { webhooks } = useSession()
  const now = useNow()
  const [isRemoving, setRemoving] = useState(false)
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
            <Button
              kind="danger"
              icon="trash"
              onPress={() => {
                setRemoving(true)
              }}
            >
              {t(m.remove)}
            </Button>
            {redeliver.error !== null && <Failure error={redeliver.error} />}
            <ConfirmDialog
              title={t(m.removeConfirm)}
              confirm={t(m.removeConfirm)}
              action={remove}
              isOpen={isRemoving}
              onClose={() => {
                setRemoving(false)
              }}
            >
              <Notice tone="warn">{t(m.removeText, { url })}</Notice>
            </ConfirmDialog>
          </>
        )
      }
    />
  )
}

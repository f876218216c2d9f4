import { useState, type ReactNode } from 'react'
import type { Vault } from '../../index.ts'
import type { Resource } from '../data/resource.ts'
import { useResource } from '../data/resource.ts'
import { useSession } from '../session/session-context.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { EmptyState } from '../ui/display.tsx'
import { Failure } from '../ui/failure.tsx'
import type { IconName } from '../ui/icon.tsx'
import { ItemList } from '../ui/item-list.tsx'
import { Loading } from '../ui/loading.tsx'
import { Page } from '../ui/page.tsx'

interface ReceiversPageProps<Receiver> {
  readonly resource: Resource<readonly Receiver[]>
  readonly icon: IconName
  readonly texts: Readonly<Record<'title' | 'add' | 'emptyTitle' | 'emptyText', string>>
  /** One of them in the list, with its `key`. */
  readonly item: (receiver: Receiver, owner: Vault | null) => ReactNode
  /** The content of the dialog to add one; it calls `close` when one was added. */
  readonly adding: (owner: Vault, close: () => void) => ReactNode
  readonly children?: ReactNode
}

/** The page of one kind of what alerts are sent to, for the owner to add and remove, and for a viewer to see. */
export function ReceiversPage<Receiver>({
  resource,
  icon,
  texts,
  item,
  adding,
  children,
}: ReceiversPageProps<Receiver>) {
  const { owner } = useSession()
  const { data, error } = useResource(resource)
  const [isAdding, setAdding] = useState(false)
  const close = () => {
    setAdding(false)
  }
  const add = owner !== null && (
    <Button
      kind="primary"
      icon="plus"
      onPress={() => {
        setAdding(true)
      }}
    >
      {texts.add}
    </Button>
  )
  return (
    <Page title={texts.title} actions={data !== undefined && data.length > 0 && add}>
      {error !== null && <Failure error={error} onRetry={() => void resource.reload()} />}
      {data === undefined && error === null && <Loading />}
      {data?.length === 0 && (
        <EmptyState icon={icon} title={texts.emptyTitle} actions={add}>
          {texts.emptyText}
        </EmptyState>
      )}
      <ItemList label={texts.title}>{data?.map((receiver) => item(receiver, owner))}</ItemList>
      {owner !== null && (
        <Dialog title={texts.add} isOpen={isAdding} onClose={close}>
          {adding(owner, close)}
        </Dialog>
      )}
      {children}
    </Page>
  )
}

import { lazy, Suspense } from 'react'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Page } from '../../ui/page.tsx'
import { explorerMessages as m } from './explorer.messages.ts'

/** Not among the pages that are fetched ahead: the editors weigh as much as the rest of the console. */
const Workbench = lazy(() => import('./workbench.tsx').then((module) => ({ default: module.Workbench })))

/** Runs documents of one's own, signed, with an example of every operation. Nothing of it comes from elsewhere. */
export function Explorer() {
  const { t } = useTranslator()
  return (
    <Page title={t(m.title)} lead={t(m.lead)}>
      <Suspense fallback={<Loading />}>
        <Workbench />
      </Suspense>
    </Page>
  )
}

import { useState } from 'react'
import type { RecoveryDraft, Vault } from '../../../index.ts'
import { useResource } from '../../data/resource.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { PhraseCheck, PhraseWords } from '../welcome/phrase.tsx'
import { useSession } from '../../session/session-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Notice } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { Card, Grid, Muted, Page, Row } from '../../ui/page.tsx'
import { showToast } from '../../ui/toasts.tsx'
import { useAction } from '../../ui/use-action.ts'
import { welcomeMessages } from '../welcome/welcome.messages.ts'
import { backupMessages as m } from './backup.messages.ts'
import { ExportCard } from './export-card.tsx'
import { ImportCard } from './import-card.tsx'

export function Backup() {
  const { t } = useTranslator()
  const { owner } = useSession()
  return (
    <Page title={t(m.title)}>
      {owner === null ? (
        <Notice>{t(m.viewer)}</Notice>
      ) : (
        <Grid>
          <PhraseCard owner={owner} />
          <ExportCard owner={owner} />
          <ImportCard owner={owner} />
        </Grid>
      )}
    </Page>
  )
}

function PhraseCard({ owner }: { readonly owner: Vault }) {
  const { t, relative } = useTranslator()
  const { account } = useSession()
  const { data } = useResource(account)
  const [draft, setDraft] = useState<RecoveryDraft | null>(null)
  const prepare = useAction(async () => {
    setDraft(await owner.prepareRecovery())
  })
  const phrase = data?.managementKeys.findLast(({ kind }) => kind === 'RECOVERY')
  return (
    <Card title={t(m.phraseTitle)}>
      {phrase === undefined ? (
        <Notice tone="warn">{t(m.phraseNone)}</Notice>
      ) : (
        <>
          <Notice tone="ok">{t(m.phraseHas, { when: relative(phrase.createdAt) })}</Notice>
          <Muted>{t(m.phraseReplace)}</Muted>
        </>
      )}
      {prepare.error !== null && <Failure error={prepare.error} />}
      <Row>
        <Button
          kind={phrase === undefined ? 'primary' : 'secondary'}
          isPending={prepare.isPending}
          onPress={prepare.run}
        >
          {t(phrase === undefined ? m.phraseMake : m.phraseNew)}
        </Button>
      </Row>
      <Dialog
        title={t(welcomeMessages.phraseTitle)}
        isOpen={draft !== null}
        isAlert
        onClose={() => {
          setDraft(null)
        }}
      >
        {draft !== null && (
          <PhraseSteps
            draft={draft}
            onDone={() => {
              setDraft(null)
            }}
          />
        )}
      </Dialog>
    </Card>
  )
}

function PhraseSteps({ draft, onDone }: { readonly draft: RecoveryDraft; readonly onDone: () => void }) {
  const { t } = useTranslator()
  const { account } = useSession()
  const [isChecking, setChecking] = useState(false)
  const register = useAction(async () => {
    await draft.register()
    await account.reload()
    showToast({ tone: 'ok', title: t(m.phraseRegistered) })
    onDone()
  })
  if (isChecking) {
    return (
      <>
        <p>{t(welcomeMessages.checkLead)}</p>
        <PhraseCheck
          words={draft.words}
          action={register}
          onBack={() => {
            setChecking(false)
          }}
        />
      </>
    )
  }
  return (
    <>
      <p>{t(welcomeMessages.phraseIntro)}</p>
      <PhraseWords words={draft.words} />
      <Notice tone="warn">{t(welcomeMessages.phraseWarning)}</Notice>
      <DialogActions>
        <Button
          kind="primary"
          onPress={() => {
            setChecking(true)
          }}
        >
          {t(welcomeMessages.continue)}
        </Button>
      </DialogActions>
    </>
  )
}

import { useState } from 'react'
import { readKeyServer } from '../../../index.ts'
import { Resource, useResource } from '../../data/resource.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { languageNames } from '../../i18n/language-names.ts'
import { languages } from '../../i18n/messages.ts'
import { forgetThisBrowser } from '../../session/forget.ts'
import { connectionOptions } from '../../session/session.ts'
import { useSession } from '../../session/session-context.tsx'
import { densities, setPreferences, themes, usePreferences } from '../../theme/preferences.ts'
import { Button } from '../../ui/button.tsx'
import { Segments } from '../../ui/choice.tsx'
import { CopyableId } from '../../ui/copy.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { Facts, Notice } from '../../ui/display.tsx'
import { TextField } from '../../ui/field.tsx'
import { Card, Page, Row } from '../../ui/page.tsx'
import { uiMessages } from '../../ui/ui.messages.ts'
import { useAction } from '../../ui/use-action.ts'
import { settingsMessages as m } from './settings.messages.ts'

export function Settings() {
  const { t } = useTranslator()
  const { viewer, mode, keptBy } = useSession()
  const { theme, density, language } = usePreferences()
  const [keyServer] = useState(
    () => new Resource(() => readKeyServer({ url: viewer.url, ...connectionOptions })),
  )
  const version = useResource(keyServer).data?.version
  return (
    <Page title={t(m.title)} isNarrow>
      <Card title={t(m.look)}>
        <Facts
          facts={[
            {
              name: t(m.language),
              value: (
                <Segments
                  label={t(m.language)}
                  value={language}
                  options={languages.map((value) => ({ value, label: languageNames[value] }))}
                  onChange={(value) => {
                    setPreferences({ language: value })
                  }}
                />
              ),
            },
            {
              name: t(m.theme),
              value: (
                <Segments
                  label={t(m.theme)}
                  value={theme}
                  options={themes.map((value) => ({ value, label: t(m[value]) }))}
                  onChange={(value) => {
                    setPreferences({ theme: value })
                  }}
                />
              ),
            },
            {
              name: t(m.density),
              value: (
                <Segments
                  label={t(m.density)}
                  value={density}
                  options={densities.map((value) => ({ value, label: t(m[value]) }))}
                  onChange={(value) => {
                    setPreferences({ density: value })
                  }}
                />
              ),
            },
          ]}
        />
      </Card>
      <Card title={t(m.mode)}>
        <Notice>{t(m[`mode${mode}` as const])}</Notice>
        <Facts
          facts={[
            { name: t(m.name), value: viewer.owner },
            { name: t(m.server), value: viewer.url },
            { name: t(m.keptBy), value: t(m[`keptBy${keptBy}` as const]) },
            version !== undefined && { name: t(m.version), value: version },
            {
              name: t(m.thisDevice),
              value: <CopyableId text={viewer.managementKeyId} name={t(m.thisDevice)} />,
            },
          ]}
        />
      </Card>
      <Leave />
    </Page>
  )
}

function Leave() {
  const { t } = useTranslator()
  const { viewer } = useSession()
  const [isOpen, setOpen] = useState(false)
  const [typed, setTyped] = useState('')
  const forget = useAction(forgetThisBrowser)
  return (
    <Card title={t(m.leave)}>
      <p>{t(m.forgetText)}</p>
      <Row>
        <Button
          kind="danger"
          icon="trash"
          onPress={() => {
            setOpen(true)
          }}
        >
          {t(m.forget)}
        </Button>
      </Row>
      <ConfirmDialog
        title={t(m.forget)}
        confirm={t(m.forget)}
        action={forget}
        isOpen={isOpen}
        isDisabled={typed !== viewer.owner}
        onClose={() => {
          setOpen(false)
        }}
      >
        <Notice tone="bad">{t(m.forgetText)}</Notice>
        <TextField
          label={t(uiMessages.typeToConfirm, { name: viewer.owner })}
          value={typed}
          onChange={setTyped}
          autoFocus
        />
      </ConfirmDialog>
    </Card>
  )
}

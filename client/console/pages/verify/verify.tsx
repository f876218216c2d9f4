import { useState } from 'react'
import { decodeBase64url } from '../../../../schema/wire/base64url.ts'
import { useTranslator } from '../../i18n/i18n-context.tsx'
import { useKeyServer } from '../../session/session-context.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyableId } from '../../ui/copy.tsx'
import { Facts, Notice } from '../../ui/display.tsx'
import { Failure } from '../../ui/failure.tsx'
import { TextField } from '../../ui/field.tsx'
import { Form } from '../../ui/form.tsx'
import { Card, Page, Row, Stack } from '../../ui/page.tsx'
import { uiMessages } from '../../ui/ui.messages.ts'
import { useAction } from '../../ui/use-action.ts'
import { checkKey, type CheckedKey } from './check-key.ts'
import { verifyMessages as m } from './verify.messages.ts'

const thumbprintBytes = 32

/** Asks about somebody's public key, and checks the signatures of the answer here. */
export function Verify() {
  const { t } = useTranslator()
  const url = useKeyServer()
  const [owner, setOwner] = useState('')
  const [applicationServer, setServer] = useState('')
  const [text, setText] = useState('')
  const [pin, setPin] = useState('')
  const [checked, setChecked] = useState<CheckedKey | null>(null)
  const isPinWrong = pin !== '' && decodeBase64url(pin)?.length !== thumbprintBytes
  const check = useAction(async () => {
    setChecked(null)
    setChecked(await checkKey({ url, owner, applicationServer, text, pin: pin === '' ? null : pin }))
  })
  const isComplete = owner !== '' && applicationServer !== '' && text !== '' && !isPinWrong
  return (
    <Page title={t(m.title)} lead={t(m.lead)} isNarrow>
      <Card>
        <Form
          onSubmit={() => {
            if (isComplete) check.run()
          }}
        >
          <TextField
            label={t(m.owner)}
            help={t(m.ownerHelp)}
            value={owner}
            onChange={(name) => setOwner(name.trim())}
          />
          <TextField
            label={t(m.server)}
            placeholder="https://shop.example"
            value={applicationServer}
            onChange={(name) => setServer(name.trim())}
          />
          <TextField
            label={t(m.key)}
            help={t(m.keyHelp)}
            value={text}
            onChange={setText}
            isMultiline
            isMono
            rows={5}
          />
          <TextField
            label={t(m.pin)}
            note={t(uiMessages.optional)}
            help={t(m.pinHelp)}
            error={isPinWrong ? t(m.pinInvalid) : null}
            value={pin}
            onChange={(id) => setPin(id.trim())}
            isMono
          />
          <Row>
            <Button
              kind="primary"
              type="submit"
              icon="shield"
              isPending={check.isPending}
              isDisabled={!isComplete}
            >
              {t(m.ask)}
            </Button>
          </Row>
        </Form>
      </Card>
      {check.error !== null && <Failure error={check.error} />}
      {checked !== null && <Verdict checked={checked} />}
    </Page>
  )
}

function Verdict({ checked }: { readonly checked: CheckedKey }) {
  const { t, dateTime } = useTranslator()
  const { verification, answer, certificate, certifiedBy, kind, thumbprint } = checked
  const { valid, state } = verification
  const title = valid
    ? m.verdictValid
    : state === null || state === 'ACTIVE'
      ? m.verdictNone
      : m[`verdict${state}` as const]
  const isCertificateWrong = certificate === 'invalid'
  return (
    <Stack>
      <Notice tone={valid && !isCertificateWrong ? 'ok' : 'bad'} title={t(title)} isLive>
        {state === null && t(m.verdictNoneText)}
      </Notice>
      <Card>
        <Facts
          facts={[
            { name: t(m.recognized, { kind: '' }).replace(/: ?$/, ''), value: kind },
            { name: t(m.thumbprint), value: <CopyableId text={thumbprint} name={t(m.thumbprint)} /> },
          ]}
        />
        {answer === null ? (
          <Notice tone="bad">{t(m.signatureBad)}</Notice>
        ) : (
          <Notice tone="ok" title={t(m.signatureGood)}>
            {t(m.answerIssuer, { issuer: answer.issuer, when: dateTime(answer.signedAt) })}
          </Notice>
        )}
        {certificate === 'missing' && <Notice tone="warn">{t(m.certificateNone)}</Notice>}
        {isCertificateWrong && <Notice tone="bad">{t(m.certificateWrong)}</Notice>}
        {certificate === 'pinned' && <Notice tone="ok">{t(m.certificatePinned)}</Notice>}
        {certificate === 'unpinned' && (
          <Notice tone="info" title={t(m.certificateUnpinned)}>
            <CopyableId text={certifiedBy.at(-1) ?? ''} name={t(m.pin)} />
          </Notice>
        )}
      </Card>
    </Stack>
  )
}

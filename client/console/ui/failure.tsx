import { useTranslator } from '../i18n/i18n-context.tsx'
import { Button } from './button.tsx'
import { Notice } from './display.tsx'
import { Row } from './page.tsx'
import { errorCodeOf, errorText } from './error-text.ts'
import { uiMessages } from './ui.messages.ts'

/** Says what went wrong, with the code for whoever is asked for help. */
export function Failure({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const translator = useTranslator()
  const code = errorCodeOf(error)
  return (
    <Notice tone="bad" title={errorText(error, translator)} isLive>
      <Row>
        {code !== null && <code>{code}</code>}
        {onRetry !== undefined && (
          <Button kind="quiet" icon="rotate" onPress={onRetry}>
            {translator.t(uiMessages.retry)}
          </Button>
        )}
      </Row>
    </Notice>
  )
}

import { Component, type ReactNode } from 'react'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { Button } from '../ui/button.tsx'
import { EmptyState } from '../ui/display.tsx'
import { uiMessages } from '../ui/ui.messages.ts'
import { appMessages } from './app.messages.ts'

interface BoundaryProps {
  readonly children: ReactNode
  /** Another path is another chance. */
  readonly path: string
}

/** Keeps a page that fails, or whose files did not come, from taking the whole console with it. */
export class PageBoundary extends Component<BoundaryProps, { readonly failedPath: string | null }> {
  override state: { readonly failedPath: string | null } = { failedPath: null }

  static getDerivedStateFromError(): { failedPath: string | null } {
    return { failedPath: location.pathname }
  }

  override render(): ReactNode {
    return this.state.failedPath === this.props.path ? <Failed /> : this.props.children
  }
}

function Failed() {
  const { t } = useTranslator()
  return (
    <EmptyState
      icon="alert"
      title={t(appMessages.pageFailedTitle)}
      actions={
        <Button
          kind="primary"
          icon="rotate"
          onPress={() => {
            location.reload()
          }}
        >
          {t(uiMessages.retry)}
        </Button>
      }
    >
      {t(appMessages.pageFailedText)}
    </EmptyState>
  )
}

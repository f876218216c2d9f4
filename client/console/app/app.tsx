import { lazy, Suspense } from 'react'
import { Route, Switch } from 'wouter'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { LanguageProvider } from '../i18n/i18n-context.tsx'
import { SessionProvider, useSessionControl } from '../session/session-context.tsx'
import { usePreferences } from '../theme/preferences.ts'
import { ButtonLink } from '../ui/button.tsx'
import { EmptyState } from '../ui/display.tsx'
import { Failure } from '../ui/failure.tsx'
import { Loading } from '../ui/loading.tsx'
import { Toasts } from '../ui/toasts.tsx'
import { AlertToasts } from './alert-toasts.tsx'
import { appMessages } from './app.messages.ts'
import { AccessGate } from './access-gate.tsx'
import { ForgetScreen } from './forget-screen.tsx'
import { Locked } from './locked.tsx'
import { routes } from './routes.tsx'
import { Shell } from './shell.tsx'
import styles from './shell.module.css'

const Welcome = lazy(() => import('../pages/welcome/welcome.tsx').then((m) => ({ default: m.Welcome })))

export function App() {
  const { language } = usePreferences()
  return (
    <LanguageProvider language={language}>
      {isSecureContext ? (
        <SessionProvider>
          <Screen />
          <Toasts />
        </SessionProvider>
      ) : (
        <Insecure />
      )}
    </LanguageProvider>
  )
}

function Screen() {
  const { state } = useSessionControl()
  switch (state.status) {
    case 'opening':
      return (
        <div className={styles.center}>
          <Loading />
        </div>
      )
    case 'failed':
      return (
        <main className={styles.center}>
          <Failure
            error={state.error}
            onRetry={() => {
              location.reload()
            }}
          />
        </main>
      )
    case 'tooPowerful':
      return <TooPowerful />
    case 'locked':
      return <Locked owner={state.owner} unlock={state.unlock} />
    case 'none':
      return (
        <Suspense fallback={null}>
          <Welcome />
        </Suspense>
      )
    case 'open':
      return (
        <AccessGate>
          <AlertToasts />
          <Shell>
            <Switch>
              {routes.map(({ path, Component }) => (
                <Route key={path} path={path} component={Component} />
              ))}
              <Route>
                <NotFound />
              </Route>
            </Switch>
          </Shell>
        </AccessGate>
      )
  }
}

function NotFound() {
  const { t } = useTranslator()
  return (
    <EmptyState
      icon="search"
      title={t(appMessages.notFound)}
      actions={
        <ButtonLink to="/" kind="primary">
          {t(appMessages.toOverview)}
        </ButtonLink>
      }
    />
  )
}

/** A copy for viewing only does not open with a key that can do everything, and asks to be rid of it. */
function TooPowerful() {
  const { t } = useTranslator()
  return <ForgetScreen title={t(appMessages.tooPowerfulTitle)} text={t(appMessages.tooPowerfulText)} />
}

/** Over plain http to another machine there is no crypto.subtle. */
function Insecure() {
  const { t } = useTranslator()
  return (
    <main className={styles.center}>
      <EmptyState icon="lock" title={t(appMessages.secureTitle)}>
        {t(appMessages.secureText)}
      </EmptyState>
    </main>
  )
}

import { Suspense, useEffect, useState, type ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { useStore } from '../data/store.ts'
import { useTranslator } from '../i18n/i18n-context.tsx'
import { connection } from '../session/session.ts'
import { useSession } from '../session/session-context.tsx'
import { cx } from '../ui/cx.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Icon } from '../ui/icon.tsx'
import { Loading } from '../ui/loading.tsx'
import { Hidden } from '../ui/page.tsx'
import { appMessages } from './app.messages.ts'
import { BrandLink } from './brand.tsx'
import { ConnectionBadge } from './connection-badge.tsx'
import { PageBoundary } from './page-boundary.tsx'
import { navigation, type NavigationItem } from './routes.tsx'
import styles from './shell.module.css'
import { useFreshness } from './use-freshness.ts'

/** The frame of every page of an open account: the menu, who one is, and whether the key server is there. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslator()
  const { viewer, owner, mode } = useSession()
  const { status } = useStore(connection.state)
  const [location] = useLocation()
  useFreshness()
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">
        {t(appMessages.skip)}
      </a>
      <nav className={styles.side} aria-label={t(appMessages.main)}>
        <BrandLink />
        {navigation.map((group, index) => (
          <div key={index} className={styles.group}>
            {group.map((item) => (
              <MenuLink key={item.path} item={item} className={styles.link} />
            ))}
          </div>
        ))}
        <div className={styles.foot}>
          <span className={styles.who} title={viewer.owner}>
            {viewer.owner}
          </span>
          <ConnectionBadge />
        </div>
      </nav>
      <header className={styles.top}>
        <BrandLink />
        <ConnectionBadge />
      </header>
      <main id="content" tabIndex={-1}>
        {status === 'offline' && (
          <p className={styles.banner} role="status">
            <Icon name="offline" size={18} />
            {t(appMessages.offlineBanner)}
          </p>
        )}
        {owner === null && (
          <p className={styles.banner}>
            <Icon name="eye" size={18} />
            {t(mode === 'viewer' ? appMessages.modeViewer : appMessages.modeViewerKey)}
          </p>
        )}
        <div className={styles.main}>
          <PageBoundary path={location}>
            <Suspense fallback={<Loading />}>{children}</Suspense>
          </PageBoundary>
        </div>
      </main>
      <Tabs />
    </div>
  )
}

/** The lower edge of a phone. */
function Tabs() {
  const { t } = useTranslator()
  const [location] = useLocation()
  const [isOpen, setOpen] = useState(false)
  const [first = [], ...others] = navigation
  useEffect(() => {
    setOpen(false)
  }, [location])
  return (
    <nav className={styles.tabs} aria-label={t(appMessages.menu)}>
      {first.map((item) => (
        <MenuLink key={item.path} item={item} className={styles.tab} />
      ))}
      <button
        type="button"
        className={styles.tab}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onClick={() => {
          setOpen(true)
        }}
      >
        <Icon name="menu" size={22} />
        {t(appMessages.menu)}
      </button>
      <Dialog
        title={t(appMessages.menu)}
        isOpen={isOpen}
        onClose={() => {
          setOpen(false)
        }}
      >
        <div className={styles.sheet}>
          {others.flat().map((item) => (
            <MenuLink key={item.path} item={item} className={styles.link} />
          ))}
        </div>
      </Dialog>
    </nav>
  )
}

function MenuLink({
  item,
  className,
}: {
  readonly item: NavigationItem
  readonly className: string | undefined
}) {
  const { t } = useTranslator()
  const [location] = useLocation()
  const isCurrent = item.path === '/' ? location === '/' : location.startsWith(item.path)
  return (
    <Link to={item.path} className={cx(className)} aria-current={isCurrent ? 'page' : undefined}>
      <Icon name={item.icon} size={20} />
      {t(item.title)}
      {item.path === '/alerts' && <UnreadCount />}
    </Link>
  )
}

function UnreadCount() {
  const { t } = useTranslator()
  const { unreadCount } = useStore(useSession().alerts.state)
  if (unreadCount === 0) return null
  return (
    <span className={styles.count}>
      <span aria-hidden="true">{unreadCount > 99 ? '99+' : unreadCount}</span>
      <Hidden>{t(appMessages.unread, { count: unreadCount })}</Hidden>
    </span>
  )
}

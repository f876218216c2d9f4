import { lazy } from 'react'
import type { Message } from '../i18n/messages.ts'
import type { IconName } from '../ui/icon.tsx'
import { appMessages } from './app.messages.ts'

/** The files of the pages: each comes when it is first opened. */
const load = {
  Overview: () => import('../pages/overview/overview.tsx'),
  Keys: () => import('../pages/keys/keys.tsx'),
  KeyDetails: () => import('../pages/key/key-details.tsx'),
  Alerts: () => import('../pages/alerts/alerts.tsx'),
  Audit: () => import('../pages/audit/audit.tsx'),
  Timeline: () => import('../pages/timeline/timeline.tsx'),
  Devices: () => import('../pages/devices/devices.tsx'),
  Backup: () => import('../pages/backup/backup.tsx'),
  Channels: () => import('../pages/channels/channels.tsx'),
  Webhooks: () => import('../pages/webhooks/webhooks.tsx'),
  Verify: () => import('../pages/verify/verify.tsx'),
  Settings: () => import('../pages/settings/settings.tsx'),
  Knowledge: () => import('../pages/knowledge/knowledge.tsx'),
  Explorer: () => import('../pages/explorer/explorer.tsx'),
}

const Overview = lazy(() => load.Overview().then((module) => ({ default: module.Overview })))
const Keys = lazy(() => load.Keys().then((module) => ({ default: module.Keys })))
const KeyDetails = lazy(() => load.KeyDetails().then((module) => ({ default: module.KeyDetails })))
const Alerts = lazy(() => load.Alerts().then((module) => ({ default: module.Alerts })))
const Timeline = lazy(() => load.Timeline().then((module) => ({ default: module.Timeline })))
const Audit = lazy(() => load.Audit().then((module) => ({ default: module.Audit })))
const Devices = lazy(() => load.Devices().then((module) => ({ default: module.Devices })))
const Backup = lazy(() => load.Backup().then((module) => ({ default: module.Backup })))
const Channels = lazy(() => load.Channels().then((module) => ({ default: module.Channels })))
const Webhooks = lazy(() => load.Webhooks().then((module) => ({ default: module.Webhooks })))
const Verify = lazy(() => load.Verify().then((module) => ({ default: module.Verify })))
const Settings = lazy(() => load.Settings().then((module) => ({ default: module.Settings })))
const Knowledge = lazy(() => load.Knowledge().then((module) => ({ default: module.Knowledge })))
const Explorer = lazy(() => load.Explorer().then((module) => ({ default: module.Explorer })))

/** Fetches all pages. One that does not come is asked for again when it is opened. */
export function loadAllPages(): void {
  for (const page of Object.values(load)) void page().catch(() => undefined)
}

export interface NavigationItem {
  readonly path: string
  readonly title: Message
  readonly icon: IconName
}

/** The menu, in groups. The first group is what a phone shows at its lower edge. */
export const navigation: readonly (readonly NavigationItem[])[] = [
  [
    { path: '/', title: appMessages.overview, icon: 'home' },
    { path: '/keys', title: appMessages.keys, icon: 'key' },
    { path: '/alerts', title: appMessages.alerts, icon: 'bell' },
    { path: '/timeline', title: appMessages.timeline, icon: 'clock' },
  ],
  [
    { path: '/devices', title: appMessages.devices, icon: 'device' },
    { path: '/backup', title: appMessages.backup, icon: 'lifebuoy' },
    { path: '/channels', title: appMessages.channels, icon: 'mail' },
    { path: '/webhooks', title: appMessages.webhooks, icon: 'webhook' },
  ],
  [
    { path: '/audit', title: appMessages.audit, icon: 'list' },
    { path: '/verify', title: appMessages.verify, icon: 'shield' },
    { path: '/knowledge', title: appMessages.knowledge, icon: 'eye' },
    { path: '/explorer', title: appMessages.explorer, icon: 'code' },
    { path: '/settings', title: appMessages.settings, icon: 'settings' },
  ],
]

/** Paths of the pages of an open account; a later one wins nothing: the first that fits is shown. */
export const routes = [
  { path: '/', Component: Overview },
  { path: '/keys', Component: Keys },
  { path: '/keys/:id', Component: KeyDetails },
  { path: '/alerts', Component: Alerts },
  { path: '/timeline', Component: Timeline },
  { path: '/devices', Component: Devices },
  { path: '/devices/approve', Component: Devices },
  { path: '/backup', Component: Backup },
  { path: '/channels', Component: Channels },
  { path: '/webhooks', Component: Webhooks },
  { path: '/audit', Component: Audit },
  { path: '/verify', Component: Verify },
  { path: '/settings', Component: Settings },
  { path: '/knowledge', Component: Knowledge },
  { path: '/explorer', Component: Explorer },
] as const

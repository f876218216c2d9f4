import { messages } from '../i18n/messages.ts'

export const appMessages = messages({
  account: ['Account', 'Konto'],
  alerts: ['Alerts', 'Meldungen'],
  backup: ['Recovery & backup', 'Rettung & Sicherung'],
  connecting: ['Connecting…', 'Verbindung wird aufgebaut …'],
  connectingHelp: ['Alerts may be late.', 'Meldungen kommen vielleicht verspätet.'],
  devices: ['Devices', 'Geräte'],
  explorer: ['API explorer', 'API-Konsole'],
  keys: ['Keys', 'Schlüssel'],
  knowledge: ['What the server sees', 'Was der Server sieht'],
  live: ['Live', 'Live'],
  liveHelp: ['Alerts arrive as they happen.', 'Meldungen kommen sofort an.'],
  main: ['Main', 'Hauptmenü'],
  menu: ['Menu', 'Menü'],
  modeViewer: [
    'For viewing only: this page comes from the key server itself, and whoever runs it could change the page.',
    'Nur zum Ansehen: Diese Seite kommt vom Schlüsselserver selbst, und wer ihn betreibt, könnte sie verändern.',
  ],
  modeViewerKey: [
    'This browser is a viewer: it reads and follows alerts, and can change nothing.',
    'Dieser Browser ist nur zum Ansehen: Er liest und folgt den Meldungen, und kann nichts ändern.',
  ],
  notFound: ['There is no such page', 'Diese Seite gibt es nicht'],
  offline: ['Offline', 'Offline'],
  offlineBanner: [
    'The key server is out of reach. You see what was read before; it goes on by itself as soon as it is back.',
    'Der Schlüsselserver ist nicht erreichbar. Du siehst den letzten Stand; sobald er wieder da ist, geht es von selbst weiter.',
  ],
  offlineHelp: ['The key server is out of reach.', 'Der Schlüsselserver ist nicht erreichbar.'],
  pageFailedText: [
    'Perhaps its files did not come, or it met something unexpected. Your keys are not touched.',
    'Vielleicht kamen ihre Dateien nicht, oder sie traf auf etwas Unerwartetes. Deine Schlüssel sind nicht betroffen.',
  ],
  pageFailedTitle: ['This page could not be shown', 'Diese Seite ließ sich nicht zeigen'],
  overview: ['Overview', 'Übersicht'],
  revokedText: [
    'The key server does not know this browser’s key any more: another device has revoked it, or its set-up was never finished. Keys that you hold on other devices are not touched.',
    'Der Schlüsselserver kennt den Schlüssel dieses Browsers nicht mehr: Ein anderes Gerät hat ihn widerrufen, oder die Einrichtung wurde nie beendet. Schlüssel auf deinen anderen Geräten sind nicht betroffen.',
  ],
  revokedTitle: ['This browser has no access', 'Dieser Browser hat keinen Zugang'],
  secureText: [
    'Browsers offer cryptography to pages over https and on localhost only. Ask whoever runs this server for its https address.',
    'Browser bieten Kryptographie nur Seiten über https und auf localhost an. Frag den Betreiber des Servers nach seiner https-Adresse.',
  ],
  secureTitle: ['This page needs https', 'Diese Seite braucht https'],
  settings: ['Settings', 'Einstellungen'],
  skip: ['Skip to the content', 'Zum Inhalt springen'],
  startOver: ['Forget this browser’s key', 'Schlüssel dieses Browsers vergessen'],
  timeline: ['Timeline', 'Zeitplan'],
  toOverview: ['To the overview', 'Zur Übersicht'],
  tooPowerfulText: [
    'This copy of the console comes from the key server itself, and whoever runs it could change the page. So it opens only with a viewer’s key. This browser holds a key that can do everything: forget it here, and connect this browser as a viewer. Have another device or your recovery phrase first.',
    'Diese Kopie der Konsole kommt vom Schlüsselserver selbst, und wer ihn betreibt, könnte sie verändern. Deshalb öffnet sie nur mit einem Schlüssel zum Ansehen. Dieser Browser hat einen Schlüssel, der alles kann: Vergiss ihn hier und verbinde diesen Browser nur zum Ansehen. Du brauchst vorher ein anderes Gerät oder deinen Rettungssatz.',
  ],
  tooPowerfulTitle: ['This browser’s key can do too much', 'Der Schlüssel dieses Browsers kann zu viel'],
  unread: [
    { one: '{count} unread', other: '{count} unread' },
    { one: '{count} ungelesen', other: '{count} ungelesen' },
  ],
  verify: ['Verify a key', 'Schlüssel prüfen'],
  webhooks: ['Webhooks', 'Webhooks'],
})

import type { AlertFacts, AlertTexts, DeviceFacts, KeyFacts, Texts } from './catalogue.ts'

const instant = (date: Date) =>
  `${new Intl.DateTimeFormat('de-DE', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(date)} Uhr (UTC)`

const keyOf = ({ applicationServer, label }: KeyFacts) =>
  label === null
    ? `Dein Schlüssel für ${applicationServer}`
    : `Dein Schlüssel „${label}“ für ${applicationServer}`
const deviceOf = ({ kind, label }: DeviceFacts) =>
  kind === 'RECOVERY' ? 'deine Wiederherstellungsphrase' : `dein Gerät „${label}“`
const deviceBy = ({ kind, label }: DeviceFacts) =>
  kind === 'RECOVERY' ? 'deiner Wiederherstellungsphrase' : `deinem Gerät „${label}“`
const count = (number: number, one: string, many: string) =>
  `${number.toLocaleString('de')} ${number === 1 ? one : many}`
const times = (number: number) => count(number, 'Mal', 'Mal')

/** In the dative, as „in“ asks for. */
function duration(seconds: number): string {
  if (seconds >= 86_400) return count(Math.round(seconds / 86_400), 'Tag', 'Tagen')
  if (seconds >= 3_600) return count(Math.round(seconds / 3_600), 'Stunde', 'Stunden')
  return count(Math.max(1, Math.round(seconds / 60)), 'Minute', 'Minuten')
}

const revokeKey = ({ id }: KeyFacts) => `claviger key revoke ${id}`
const revokeDevice = ({ id }: DeviceFacts) => `claviger device revoke ${id}`

const extend = ({ id }: KeyFacts) =>
  `Wenn du ihn noch brauchst, verlängere ihn („claviger key update ${id} --expires 90d“) oder ersetze ihn („claviger key rotate ${id}“). Wenn nicht, ist nichts zu tun.`

const replaceKeys =
  'ersetze deine Schlüssel („claviger key rotate ID“ für jeden, den „claviger key list“ zeigt)'

const added = {
  DEVICE: 'Es kann jetzt alle deine Schlüssel benutzen.',
  RECOVERY: 'Wer ihre Wörter hat, kann alle deine Schlüssel benutzen.',
  VIEWER: 'Es kann lesen, welche Schlüssel du hast, und keinen davon benutzen.',
} as const

const removed = {
  DEVICE: 'Es kann deine Schlüssel nicht mehr benutzen.',
  RECOVERY: 'Ihre Wörter öffnen nichts mehr.',
  VIEWER: 'Es kann nicht mehr lesen, welche Schlüssel du hast.',
} as const

const reasons = {
  UNSPECIFIED: 'ohne Angabe eines Grundes',
  COMPROMISED: 'jemand anderes könnte ihn kennen',
  SUPERSEDED: 'ein anderer tritt an seine Stelle',
  CESSATION: 'er wird nicht mehr gebraucht',
} as const

const channelNames = {
  EMAIL: 'an eine E-Mail-Adresse',
  SLACK: 'in einen Kanal von Slack',
  TEAMS: 'in einen Kanal von Teams',
  DISCORD: 'in einen Kanal von Discord',
  NTFY: 'an ein Thema von ntfy',
  WEBHOOK: 'an einen Webhook',
} as const

const alerts: AlertTexts = {
  KEY_EXPIRING: ({ key, expiresAt, noticeSeconds }) => ({
    title: `${keyOf(key)} läuft in ${duration(noticeSeconds)} ab`,
    happened: `Er gilt bis ${instant(expiresAt)}. Danach lehnt ${key.applicationServer} ihn ab.`,
    toDo: extend(key),
  }),
  KEY_EXPIRED: ({ key, expiresAt }) => ({
    title: `${keyOf(key)} ist abgelaufen`,
    happened: `Er galt bis ${instant(expiresAt)}. ${key.applicationServer} lehnt ihn jetzt ab.`,
    toDo: extend(key),
  }),
  KEY_OVERUSED: ({ key, device, maxUses, excess, refused }) => ({
    title: `${keyOf(key)} ${refused ? 'wurde nicht herausgegeben' : 'wird öfter benutzt, als du erlaubt hast'}`,
    happened: `Erlaubt hast du ${count(maxUses, 'Benutzung', 'Benutzungen')}. Darüber hinaus wurde er ${times(excess)} ${refused ? 'verlangt' : 'benutzt'}, zuletzt von ${deviceBy(device)}.`,
    toDo: `Wenn du das warst, erlaube mehr Benutzungen („claviger key update ${key.id} --max-uses N“). Wenn nicht, benutzt vielleicht jemand anderes dieses Gerät: Widerrufe von einem anderen Gerät aus den Schlüssel („${revokeKey(key)}“) und dann das Gerät („${revokeDevice(device)}“).`,
  }),
  KEY_REVOKED: ({ key, reason }) => ({
    title: `${keyOf(key)} wurde widerrufen`,
    happened: `Er ist nicht mehr zu gebrauchen (${reasons[reason]}). ${key.applicationServer} lehnt ihn ab.`,
    toDo: 'Wenn du das warst, ist nichts zu tun. Wenn nicht, benutzt vielleicht jemand anderes eines deiner Geräte: Sieh mit „claviger device list“ nach, und widerrufe, was du nicht kennst oder nicht mehr hast („claviger device revoke ID“).',
  }),
  PUBLIC_KEY_MISMATCH: ({ applicationServer, furtherKeyCount }) => ({
    title: `${applicationServer} wurde ein Schlüssel gezeigt, der nicht deiner ist`,
    happened: `${applicationServer} wurde${furtherKeyCount === 0 ? ' ein' : 'n'} ${furtherKeyCount === 0 ? 'Schlüssel' : count(furtherKeyCount + 1, 'Schlüssel', 'Schlüssel')} in deinem Namen gezeigt. Dieser Schlüsselserver hat auf die Nachfrage geantwortet, dass ${furtherKeyCount === 0 ? 'er dir nicht gehört' : 'sie dir nicht gehören'}.`,
    toDo: `Wenn du deinen Schlüssel gerade ersetzt hast, benutzt ein Programm vielleicht noch den alten. Wenn nicht, gibt sich vielleicht jemand für dich aus. Deine eigenen Schlüssel sind sicher; sag es denen, die ${applicationServer} betreiben.`,
  }),
  MANAGEMENT_KEY_ADDED: ({ device, by }) => ({
    title:
      device.kind === 'RECOVERY'
        ? 'Für dein Konto wurde eine Wiederherstellungsphrase angelegt'
        : `Deinem Konto wurde ein Gerät hinzugefügt: „${device.label}“`,
    happened: `Das geschah von ${deviceBy(by)} aus. ${added[device.kind]}`,
    toDo: `Wenn du das warst, ist nichts zu tun. Wenn nicht, widerrufe beide sofort, von einem Gerät aus, dem du vertraust: „${revokeDevice(device)}“ und „${revokeDevice(by)}“.`,
  }),
  MANAGEMENT_KEY_REVOKED: ({ device, by }) => ({
    title:
      device.kind === 'RECOVERY'
        ? 'Eine Wiederherstellungsphrase deines Kontos wurde widerrufen'
        : `Aus deinem Konto wurde ein Gerät entfernt: „${device.label}“`,
    happened: `Das geschah von ${deviceBy(by)} aus. ${removed[device.kind]}`,
    toDo: `Wenn du das warst, ist nichts zu tun. Wenn nicht, widerrufe ${deviceOf(by)} sofort, von einem Gerät aus, dem du vertraust: „${revokeDevice(by)}“.`,
  }),
  KEYS_REWRAPPED: ({ device, keyCount }) => ({
    title: `${count(keyCount, 'Schlüssel wurde', 'Schlüssel wurden')} für ein weiteres deiner Geräte bereitgestellt`,
    happened: `Gelesen ${keyCount === 1 ? 'wurde er' : 'wurden sie'} von ${deviceBy(device)}, um ${keyCount === 1 ? 'ihn' : 'sie'} weiterzugeben.`,
    toDo: `Wenn du gerade ein Gerät hinzufügst oder eine Wiederherstellungsphrase anlegst, ist nichts zu tun. Wenn nicht, benutzt vielleicht jemand anderes ${deviceOf(device)}: Widerrufe es von einem anderen aus („${revokeDevice(device)}“), und ${replaceKeys}.`,
  }),
  KEYS_EXPORTED: ({ device, keyCount }) => ({
    title: `${count(keyCount, 'Schlüssel wurde', 'Schlüssel wurden')} in eine Sicherung übernommen`,
    happened: `Gelesen ${keyCount === 1 ? 'wurde er' : 'wurden sie'} von ${deviceBy(device)}, für eine Sicherung.`,
    toDo: `Wenn du eine Sicherung angelegt hast, ist nichts zu tun. Wenn nicht, hat vielleicht jemand anderes deine Schlüssel: Widerrufe ${deviceOf(device)} von einem anderen aus („${revokeDevice(device)}“), und ${replaceKeys}.`,
  }),
  CHANNEL_CHANGED: ({ channelKind, isHere, change, device }) => ({
    title: changeTitle({ channelKind, isHere, change }),
    happened: changeCause({ change, device }),
    toDo: changeToDo({ channelKind, change, device }),
  }),
}

type ChannelChangeFacts = Extract<AlertFacts, { readonly kind: 'CHANNEL_CHANGED' }>

function changeToDo({
  channelKind,
  change,
  device,
}: Pick<ChannelChangeFacts, 'channelKind' | 'change' | 'device'>): string {
  const noun = channelKind === 'WEBHOOK' ? 'webhook' : 'channel'
  const list = `„claviger ${noun} list“`
  const add =
    channelKind === 'WEBHOOK'
      ? '„claviger webhook set URL“'
      : `„claviger channel add ${channelKind.toLowerCase()} ZIEL“`
  const unless = (what: string) =>
    `Wenn du das warst, ist nichts zu tun. Wenn nicht, ${what}.${device === null ? '' : ` Widerrufe dann ${deviceOf(device)} von einem Gerät aus, dem du vertraust („${revokeDevice(device)}“).`}`
  switch (change) {
    case 'ADDED':
      return unless(
        `liest dort vielleicht jemand anderes deine Meldungen: ${list} zeigt die ID, und „claviger ${noun} remove ID“ beendet es`,
      )
    case 'CHANGED':
      return unless(`zeigt ${list}, welche Meldungen noch dorthin gehen, und ${add} legt sie neu fest`)
    case 'REMOVED':
    case 'STOPPED':
      return unless(`gehen sie mit ${add} wieder dorthin`)
    case 'DISABLED':
      return `Wenn du diesen Weg noch brauchst, sieh mit ${list} den Grund nach, und lege ihn neu fest: ${add}.`
    case 'FAILING':
      return 'Sieh mit „claviger webhook list“ den Grund nach. Wenn der Empfänger wieder arbeitet, sendet „claviger webhook redeliver ID“, was ihm entgangen ist.'
  }
}

function changeTitle({
  channelKind,
  isHere,
  change,
}: Pick<ChannelChangeFacts, 'channelKind' | 'isHere' | 'change'>): string {
  const channel = isHere ? 'hierher' : channelNames[channelKind]
  switch (change) {
    case 'ADDED':
      return `Deine Meldungen gehen jetzt auch ${channel}`
    case 'CHANGED':
      return `Welche Meldungen ${channel} gehen, wurde geändert`
    case 'REMOVED':
    case 'STOPPED':
    case 'DISABLED':
      return `Deine Meldungen gehen nicht mehr ${channel}`
    case 'FAILING':
      return `Deine Meldungen kommen nicht an: ${channel}`
  }
}

function changeCause({ change, device }: Pick<ChannelChangeFacts, 'change' | 'device'>): string {
  if (device !== null) return `Geändert wurde das von ${deviceBy(device)}.`
  switch (change) {
    case 'ADDED':
      return 'Die Adresse wurde über die Verknüpfung in der Mail bestätigt, die dorthin ging.'
    case 'STOPPED':
      return 'Jemand, der die Mails dort liest, ist der Verknüpfung gefolgt, die sie beendet.'
    case 'DISABLED':
      return 'Die Nachrichten wurden drei Tage lang oder endgültig abgelehnt.'
    case 'FAILING':
      return 'Seit drei Tagen wurde dort eine Meldung nicht angenommen. Diese wird von selbst nicht noch einmal gesendet, spätere schon.'
    case 'CHANGED':
    case 'REMOVED':
      return 'Es ist nicht bekannt, dass eines deiner Geräte das getan hat.'
  }
}

const kindNames = {
  KEY_EXPIRING: 'ein Schlüssel läuft bald ab',
  KEY_EXPIRED: 'ein Schlüssel ist abgelaufen',
  KEY_OVERUSED: 'ein Schlüssel wurde zu oft benutzt',
  KEY_REVOKED: 'ein Schlüssel wurde widerrufen',
  PUBLIC_KEY_MISMATCH: 'ein fremder Schlüssel wurde gezeigt',
  MANAGEMENT_KEY_ADDED: 'ein Gerät wurde hinzugefügt',
  MANAGEMENT_KEY_REVOKED: 'ein Gerät wurde entfernt',
  KEYS_REWRAPPED: 'Schlüssel wurden für ein weiteres Gerät bereitgestellt',
  KEYS_EXPORTED: 'Schlüssel wurden in eine Sicherung übernommen',
  CHANNEL_CHANGED: 'wohin Meldungen gehen, wurde geändert',
} as const

/** German. */
export const de: Texts = {
  alerts,
  instant,
  several: (number) => `${count(number, 'Meldung', 'Meldungen')} zu deinen Schlüsseln`,
  further: (counts) =>
    `Und weitere: ${counts.map(({ kind, count: number }) => `${kindNames[kind]} (${times(number)})`).join(', ')}. „claviger alerts“ zeigt alle.`,
  occurred: 'Wann',
  toDo: 'Was du tun kannst',
  origin: (owner, origin) => `Konto ${owner} beim Schlüsselserver ${origin}`,
  commands:
    'Die Befehle in Anführungszeichen sind für die Kommandozeile auf einem deiner Geräte. Eine Konsole, die nicht nur liest, kann dasselbe, unter Schlüssel, Geräte oder Meldungen. Wenn du kein anderes Gerät hast, macht deine Wiederherstellungsphrase eines: „claviger recovery use --owner NAME“.',
  footer:
    'Diese Nachricht enthält kein Geheimnis, und niemand muss auf sie antworten. Weder dieser Schlüsselserver noch sonst jemand wird dich je per Mail nach einer Passphrase, einer Wiederherstellungsphrase oder einem Schlüssel fragen.',
  stop: 'Um diese Mails zu beenden, öffne',
  confirmation: {
    subject: 'Bestätige, dass Meldungen an diese Adresse gehen dürfen',
    asked: (owner, origin) =>
      `Wem das Konto ${owner} beim Schlüsselserver ${origin} gehört, möchte an dieser Adresse erfahren, wenn mit den eigenen Schlüsseln etwas geschieht.`,
    confirm: (hours) =>
      `Wenn du das bist, öffne innerhalb von ${count(hours, 'Stunde', 'Stunden')} diese Seite, und bestätige:`,
    ignore:
      'Wenn du es nicht bist, ist nichts zu tun: Es werden keine Meldungen geschickt, und die Adresse wird vergessen.',
    block: 'Wenn du nie wieder gefragt werden willst, öffne',
  },
  farewell: (owner, origin) => ({
    title: 'Deine Meldungen gehen nicht mehr hierher',
    happened: `Ein Gerät des Kontos ${owner} beim Schlüsselserver ${origin} hat diesen Weg entfernt. Dies ist die letzte Nachricht.`,
    toDo: 'Wenn du das warst, ist nichts zu tun. Wenn nicht, benutzt vielleicht jemand anderes eines deiner Geräte: „claviger alerts“ zeigt, welches es war, und „claviger device revoke ID“ widerruft es von einem Gerät aus, dem du vertraust.',
  }),
  pages: {
    confirm: (owner) => ({
      title: 'Meldungen an deine Adresse schicken?',
      text: `Das Konto ${owner} kann dann Meldungen über seine Schlüssel an die Adresse schicken, an der du diese Verknüpfung erhalten hast. Jede Mail hat eine Verknüpfung, die sie beendet.`,
      button: 'Ja, Meldungen schicken',
    }),
    confirmed: (owner) => ({
      title: 'Bestätigt',
      text: `Meldungen des Kontos ${owner} gehen von jetzt an an deine Adresse.`,
      button: null,
    }),
    stop: (owner) => ({
      title: 'Diese Mails beenden?',
      text: `Es gehen keine Meldungen des Kontos ${owner} mehr an deine Adresse, und sie wird hier gelöscht. Von einem Missbrauch deiner Schlüssel würdest du per Mail nicht mehr erfahren.`,
      button: 'Mails beenden',
    }),
    stopped: (owner) => ({
      title: 'Beendet',
      text: `Es gehen keine Meldungen des Kontos ${owner} mehr an deine Adresse, und sie wurde hier gelöscht.`,
      button: null,
    }),
    block: () => ({
      title: 'Nie wieder fragen?',
      text: 'Dieser Schlüsselserver schickt an deine Adresse keine Bitten um Bestätigung mehr, wer auch immer sie verlangt.',
      button: 'Nicht mehr fragen',
    }),
    blocked: () => ({
      title: 'Erledigt',
      text: 'Dieser Schlüsselserver fragt dich nicht wieder.',
      button: null,
    }),
    invalid: () => ({
      title: 'Diese Verknüpfung gilt nicht',
      text: 'Sie wurde schon benutzt, oder ihre Zeit ist vorbei, oder ein Teil von ihr fehlt.',
      button: null,
    }),
  },
}

import { messages } from '../../i18n/messages.ts'

export const settingsMessages = messages({
  comfortable: ['Comfortable', 'Luftig'],
  compact: ['Compact', 'Dicht'],
  dark: ['Dark', 'Dunkel'],
  density: ['Density', 'Dichte'],
  forget: ['Forget this browser’s key', 'Schlüssel dieses Browsers vergessen'],
  forgetText: [
    'This browser loses its access. Without another device or your recovery phrase you cannot get back in.',
    'Dieser Browser verliert seinen Zugang. Ohne ein anderes Gerät oder deinen Rettungssatz kommst du nicht mehr hinein.',
  ],
  keptBy: ['Its key is kept by', 'Seinen Schlüssel verwahrt'],
  keptBybrowser: [
    'this browser, not to be copied out',
    'dieser Browser, ohne dass er sich herauskopieren lässt',
  ],
  keptBypasskey: [
    'a passkey, which seals it in this browser',
    'ein Passkey, der ihn in diesem Browser versiegelt',
  ],
  language: ['Language', 'Sprache'],
  leave: ['Leave', 'Verlassen'],
  light: ['Light', 'Hell'],
  look: ['Look', 'Aussehen'],
  mode: ['This console', 'Diese Konsole'],
  modefull: [
    'Full: everything can be done here, because only this machine reaches it.',
    'Voll: Hier geht alles, weil nur dieser Rechner sie erreicht.',
  ],
  modehosted: [
    'Full: this copy lives on an origin of its own, which the key server cannot change.',
    'Voll: Diese Kopie liegt unter einer eigenen Adresse, die der Schlüsselserver nicht verändern kann.',
  ],
  modeviewer: [
    'Viewing only: this copy comes from the key server, and whoever runs it could change it.',
    'Nur zum Ansehen: Diese Kopie kommt vom Schlüsselserver, und wer ihn betreibt, könnte sie verändern.',
  ],
  name: ['Account', 'Konto'],
  server: ['Key server', 'Schlüsselserver'],
  system: ['As the system', 'Wie das System'],
  theme: ['Theme', 'Farben'],
  thisDevice: ['This device’s fingerprint', 'Fingerabdruck dieses Geräts'],
  title: ['Settings', 'Einstellungen'],
  version: ['Version', 'Version'],
})

#!/usr/bin/env node
// `claviger serve` runs the key server, and `server-key` and `application-server` are its operator's commands; every other
// command is the client's.
// From a checkout the TypeScript sources run as they are; an installed package has only dist/.
import { existsSync } from 'node:fs'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `claviger needs Node.js 22.18 or newer, and this is ${process.versions.node}. ` +
      'In a checkout "npm ci" brings one along, which "npm start" and "npx claviger" use.\n',
  )
  process.exit(1)
}

// A thumbprint may begin with a hyphen, and is no option then.
const [runtime, script, ...args] = process.argv
const isThumbprint = (text) => /^-[\w-]{42}$/.test(text)
if (args.some(isThumbprint) && !args.includes('--')) {
  const others = args.filter((text) => !isThumbprint(text))
  process.argv = [runtime, script, ...others, '--', ...args.filter(isThumbprint)]
}

const isCheckout = existsSync(new URL('../client/cli/main.ts', import.meta.url))
const command = process.argv[2]
// The help of `serve` is the client's.
const isServer = command === 'serve' && !process.argv.includes('--help')
const operatorCommands = ['server-key', 'application-server']
const entry = isServer
  ? 'server/main'
  : operatorCommands.includes(command ?? '')
    ? `server/operator/${command}`
    : 'client/cli/main'
await import(new URL(isCheckout ? `../${entry}.ts` : `../dist/${entry}.js`, import.meta.url).href)

#!/usr/bin/env node
// `claviger serve` runs the key server; every other command is the client's. From a checkout the TypeScript sources run
// as they are; an installed package has only dist/.
import { existsSync } from 'node:fs'

const isCheckout = existsSync(new URL('../client/cli/main.ts', import.meta.url))
// The help is the client's, for every command.
const isServer = process.argv[2] === 'serve' && !process.argv.includes('--help')
const entry = isServer ? 'server/main' : 'client/cli/main'
await import(new URL(isCheckout ? `../${entry}.ts` : `../dist/${entry}.js`, import.meta.url).href)

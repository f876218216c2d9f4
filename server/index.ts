/** `claviger/server`: the key server to embed in a program of one's own. */
export { startKeyServer, type KeyServerOptions, type RunningKeyServer } from './app.ts'
export { createLogger } from './lib/log.ts'

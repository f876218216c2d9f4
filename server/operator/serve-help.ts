/** `claviger serve --help`. It does not load the server. */
import { serveHelp } from '../settings/help.ts'

process.stdout.write(serveHelp())

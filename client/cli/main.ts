/** The process of every command but `serve`: the only file that listens to signals, sets the exit code, or exits. */
import { CliError } from './errors.ts'
import { exitCodes } from './exit-codes.ts'
import { failureOf } from './failure.ts'
import { createOutput } from './output.ts'
import { run } from './program.ts'

const args = process.argv.slice(2)
const ended = new AbortController()

const end = () => {
  ended.abort()
}

/** Tells what no command could have caught, and leaves. */
function leave(error: unknown): never {
  const place = { keystorePath: '', url: '', command: 'claviger' }
  const failure = failureOf(error, place)
  createOutput({ isJson: args.includes('--json') }).failure(failure)
  process.exit(failure.exitCode)
}

process.on('uncaughtException', leave)

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader has enough. The running command is ended, and still tells by its exit code what it found.
  if (error.code === 'EPIPE') end()
  else leave(new CliError('OUTPUT_FAILED', `The output cannot be written (${error.code ?? 'unknown'}).`))
})
process.stderr.on('error', () => {
  // Nobody is left to be told.
})

process.exitCode = exitCodes.internal
/** How long a command that was interrupted, or is done, may take to let go of what it holds. */
const letGoMs = 3_000

process.exitCode = await run(args, {
  untilInterrupted: () => {
    ended.signal.addEventListener('abort', () => {
      leaveSoon(exitCodes.interrupted)
    })
    process.once('SIGINT', end)
    process.once('SIGTERM', end)
    return ended.signal
  },
})
leaveSoon(process.exitCode)

/** A connection whose other side is silent would keep the process. */
function leaveSoon(code: number): void {
  setTimeout(() => process.exit(code), letGoMs).unref()
}

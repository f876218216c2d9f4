import type { LoggerOptions } from 'pino'

type LogMethod = NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']>

export interface FloodOptions {
  /** Lines of one kind that are written within a window; the rest is counted. */
  readonly linesMax?: number
  readonly windowMs?: number
}

/** Warnings and worse. Below it, a line is about one request, and a request has one. */
const warnLevel = 40
/** Kinds consist of texts in the code and of error codes, and so are few; this is a bound all the same. */
const kindsMax = 1_000

interface Window {
  written: number
  counted: number
}

/**
 * Sums up floods: while a database cannot be reached, every request logs a warning, thousands a second, which fill a disk and
 * hide what else goes wrong. Lines are of one kind when they share the level, the text, the operation, and the error's name
 * and codes. After ten of a kind in a minute, further ones are counted, and one line at the end of that minute says how many.
 *
 * @returns the hook `logMethod` of pino
 */
export function sumUpFloods({ linesMax = 10, windowMs = 60_000 }: FloodOptions = {}): LogMethod {
  const windows = new Map<string, Window>()
  return function (args, method, level) {
    const kind = level < warnLevel ? null : kindOf(args, level)
    if (kind === null || (!windows.has(kind) && windows.size >= kindsMax)) {
      method.apply(this, args)
      return
    }
    const window = windows.get(kind) ?? { written: 0, counted: 0 }
    if (!windows.has(kind)) {
      windows.set(kind, window)
      setTimeout(() => {
        windows.delete(kind)
        if (window.counted === 0) return
        const seconds = windowMs / 1_000
        method.call(
          this,
          { ...fieldsOf(args), repeated: window.counted, seconds },
          `${textOf(args)} (summed up)`,
        )
      }, windowMs).unref()
    }
    if (window.written < linesMax) {
      window.written += 1
      method.apply(this, args)
    } else window.counted += 1
  }
}

function kindOf(args: readonly unknown[], level: number): string {
  return JSON.stringify([level, textOf(args), fieldsOf(args)])
}

/** The members that lines of one kind share, besides level and text. */
function fieldsOf([fields]: readonly unknown[]): { readonly operation?: unknown; readonly error?: unknown } {
  if (typeof fields !== 'object' || fields === null) return {}
  return {
    ...('operation' in fields && { operation: fields.operation }),
    ...('err' in fields && { error: namesOf(fields.err) }),
  }
}

/** The names and codes of an error and of what it wraps. */
function namesOf(error: unknown): string {
  const names: string[] = []
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    names.push('code' in cause ? `${cause.name} ${String(cause.code)}` : cause.name)
  }
  return names.join(', ')
}

function textOf(args: readonly unknown[]): string {
  const text = args.find((arg) => typeof arg === 'string')
  return typeof text === 'string' ? text : ''
}

/** The value below which this share of the values lies; NaN for no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

/** `p50 1.2 ms, p99 3.4 ms, max 5.6 ms` */
export function describeLatencies(values: readonly number[]): string {
  const show = (value: number) => `${value.toFixed(1)} ms`
  return `p50 ${show(percentile(values, 0.5))}, p99 ${show(percentile(values, 0.99))}, max ${show(percentile(values, 1))}`
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Waits for a condition. @throws Error when it is not true in time */
export async function until(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const deadlineMs = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`Not within ${withinMs} ms.`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

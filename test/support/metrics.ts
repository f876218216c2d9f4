/** Reads the metrics of a server of this machine, in Prometheus's text format. */
export async function readMetrics(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${String(port)}/metrics`, {
    signal: AbortSignal.timeout(10_000),
  })
  if (response.status !== 200) throw new Error(`The metrics answered ${String(response.status)}.`)
  return response.text()
}

/** The value of the sample that has this name and exactly these labels; null when there is none. */
export function sampleOf(
  text: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | null {
  for (const line of text.split('\n')) {
    const {
      found,
      inBraces = '',
      value,
    } = /^(?<found>\w+)(?:\{(?<inBraces>.*)\})? (?<value>\S+)$/.exec(line)?.groups ?? {}
    if (found !== name) continue
    const sample = Object.fromEntries(
      [...inBraces.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', text_ = '']) => [label, text_]),
    )
    const isSame = Object.keys({ ...sample, ...labels }).every((label) => sample[label] === labels[label])
    if (isSame) return Number(value)
  }
  return null
}

/** The names of all metrics, without the suffixes of histograms. */
export function metricNamesOf(text: string): string[] {
  return [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name)
}

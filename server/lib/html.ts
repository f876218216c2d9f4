/** HTML whose texts were escaped: made by {@link html} alone. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A template of HTML: its values are escaped, unless they are HTML themselves or a list of it. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | Html | readonly Html[])[]
): Html {
  const texts = values.map((value) => {
    if (typeof value === 'string') return escape(value)
    return value instanceof Html ? value.text : value.map(({ text }) => text).join('\n')
  })
  return new Html(String.raw({ raw: parts }, ...texts))
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}

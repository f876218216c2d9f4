/** The languages that the console speaks, in the order of a message's texts. */
export const languages = ['en', 'de'] as const

export type Language = (typeof languages)[number]

/** A text, or one for each plural form (CLDR categories that both languages have). `{name}` stands for a value. */
export type MessageText = string | { readonly one: string; readonly other: string }

/** One message in every language: a language that is missing is an error of the compiler. */
export type Message = readonly [en: MessageText, de: MessageText]

/** A part of the catalogue. Each page has its own, so that a page brings its texts along when it is first opened. */
export function messages<const Name extends string>(
  part: Readonly<Record<Name, Message>>,
): Readonly<Record<Name, Message>> {
  return part
}

/** Hands a text to the browser to be saved as a file. `type`: its media type. */
export function saveFile(
  name: string,
  { text, type }: { readonly text: string; readonly type: string },
): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}

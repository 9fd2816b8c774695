/** Cuts a text to maxLength UTF-16 units, well-formed; an ellipsis marks the cut. */
export function cutText(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1).toWellFormed()}…`
}

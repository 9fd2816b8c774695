/** At most so many UTF-16 units of a text, well-formed; what was cut off is shown by an ellipsis. */
export function cutText(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1).toWellFormed()}…`
}

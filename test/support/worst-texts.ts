/** Texts that have broken programs, each made to a length in UTF-16 units (guarantee 40). */
export const worstTexts: Record<string, (length: number) => string> = {
  blanks: (length) => ' '.repeat(length),
  'a digit, blanks, a digit, blanks, a letter': (length) =>
    `1${' '.repeat(Math.max(0, length / 2 - 2))}2${' '.repeat(Math.max(0, length / 2 - 2))}x`,
  'digits and blanks in turn': (length) => '1 '.repeat(length / 2),
  brackets: (length) => '['.repeat(length),
  'braces with quotes': (length) => '{"'.repeat(length / 2),
  'line feeds and tabs': (length) => '\n\t'.repeat(length / 2),
  NUL: (length) => '\0'.repeat(length),
  'right-to-left marks': (length) => '\u202e'.repeat(length),
  emoji: (length) => '😀'.repeat(length / 2),
  backslashes: (length) => '\\'.repeat(length),
  'names of __proto__': (length) => '__proto__'.repeat(Math.ceil(length / 9)).slice(0, length),
}

/** Texts that UTF-8 cannot express: refused over HTTP; from Kafka each ill-formed unit becomes U+FFFD. */
export const illFormedTexts: Record<string, (length: number) => string> = {
  'first halves of emoji': (length) => '\ud83d'.repeat(length),
  'second halves of emoji': (length) => '\udc00'.repeat(length),
}

import { readFileSync } from 'node:fs'

/** A variable whose value may also be in a file. */
type FileChoice = { secret?: boolean; inFile?: boolean }

/**
 * Whether NAME_FILE may name a file with the value: of every secret, and of PEM texts. It keeps secrets out of the
 * environment, and Docker and Kubernetes mount theirs as files.
 */
export function takesFile({ secret, inFile }: FileChoice): boolean {
  return secret === true || inFile === true
}

export function fileVariableOf(name: string): string {
  return `${name}_FILE`
}

/**
 * Reads a file's text without the line breaks at its end, which editors and `echo` append.
 * @throws Error with the reason, when it cannot be read or is empty.
 */
export function readVariableFile(path: string): string {
  let text: string
  try {
    text = withoutLastBreaks(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Error((error as NodeJS.ErrnoException).code ?? String(error))
  }
  if (text === '') throw new Error('is empty')
  return text
}

function withoutLastBreaks(text: string): string {
  let end = text.length
  while (text[end - 1] === '\n' || text[end - 1] === '\r') end--
  return text.slice(0, end)
}

/**
 * The current value of a variable of loadConfig: read again if it comes from a file, so that a replaced secret or
 * certificate is used without a restart.
 * @throws Error naming the variable, when its file cannot be read.
 */
export function currentText(config: object, name: string): string {
  const values = config as Record<string, unknown>
  const path = values[fileVariableOf(name)]
  if (typeof path !== 'string' || path === '') return String(values[name] ?? '')
  try {
    return readVariableFile(path)
  } catch (error) {
    throw new Error(`${fileVariableOf(name)} is ${JSON.stringify(path)}: ${(error as Error).message}`)
  }
}

/**
 * Reads a variable again at each call, as currentText does. The last value stays in use while the file cannot be read,
 * as in the moment in which it is replaced.
 */
export function textReader(config: object, name: string): () => string {
  let last = String((config as Record<string, unknown>)[name] ?? '')
  return () => {
    try {
      last = currentText(config, name)
    } catch {
      // The last value is used.
    }
    return last
  }
}

/** A variable as people set it: its file, if it comes from one. */
export function shownVariable(config: object, name: string): string {
  const path = (config as Record<string, unknown>)[fileVariableOf(name)]
  return typeof path === 'string' && path !== '' ? `${fileVariableOf(name)} (${path})` : name
}

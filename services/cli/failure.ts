import { type ExitCode, exitCodes } from './exit-codes.ts'

/** An end that was to be expected: lines for a person, without a stack. */
export class CliFailure extends Error {
  override name = 'CliFailure'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

export function usageFailure(message: string): CliFailure {
  return new CliFailure(exitCodes.usage, message)
}

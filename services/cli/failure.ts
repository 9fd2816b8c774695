import { type ExitCode, exitCodes } from './exit-codes.ts'

/** An expected failure, reported in lines for people without a stack. */
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

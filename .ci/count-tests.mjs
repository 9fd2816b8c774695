// Prints `N passed, N failed, N skipped` from vitest's JSON report: node .ci/count-tests.mjs FILE
// A run that could not begin and a file that could not be loaded count as one failure each.
import { existsSync, readFileSync } from 'node:fs'

const file = process.argv[2] ?? ''
const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { success: false }
const passed = report.numPassedTests ?? 0
const failed = report.numFailedTests || (report.success ? 0 : 1)
const skipped = (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0)
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)

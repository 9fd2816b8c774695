// Loaded before a service (NODE_OPTIONS=--import): its clock runs ahead by the milliseconds that a file contains. Ten
// minutes of a breaker then pass in the real process without waiting.
import { readFileSync } from 'node:fs'

const { HOOKLINE_TEST_CLOCK_FILE: file, HOOKLINE_TEST_CLOCK_OF: service = '' } = process.env
const everyMs = 100

if (file && process.argv[1]?.endsWith(`/${service}.mjs`)) {
  const realNow = Date.now
  let aheadMs = 0
  const read = () => {
    try {
      aheadMs = Number(readFileSync(file, 'utf8')) || 0
    } catch (_notThere) {
      aheadMs = 0
    }
  }
  read()
  setInterval(read, everyMs).unref()
  Date.now = () => realNow() + aheadMs
}

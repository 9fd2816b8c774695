// Loaded before a service (NODE_OPTIONS=--import): its clock runs ahead by as many milliseconds as a file says. So ten minutes
// of breaker pass in a test without ten minutes of waiting, in the real process.
import { readFileSync } from 'node:fs'

const { HOOKLINE_TEST_CLOCK_FILE: file, HOOKLINE_TEST_CLOCK_OF: service = '' } = process.env
const everyMs = 100

if (file && process.argv[1]?.includes(`/${service}/`)) {
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

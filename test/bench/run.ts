import { parseArgs } from 'node:util'
import { codecs } from './codecs.ts'
import { drain } from './drain.ts'
import { endurance } from './endurance.ts'
import { firstPage } from './first-page.ts'
import { footprint } from './footprint.ts'
import { group } from './group.ts'
import { isolation } from './isolation.ts'
import { kill } from './kill.ts'
import { latency } from './latency.ts'
import { moves } from './moves.ts'
import { pipeline } from './pipeline.ts'
import { reading } from './reading.ts'
import { scale } from './scale.ts'
import { standstill } from './standstill.ts'
import { takeover } from './takeover.ts'
import { say } from './world.ts'
import { writing } from './writing.ts'

/** npm run bench -- <scenario> [--json]: ratios and medians of one run; the last line is JSON. */

const scenarios: Record<string, () => Promise<object>> = {
  limit: () => drain('limit'),
  drain: () => drain('drain'),
  pipeline,
  latency,
  isolation,
  standstill,
  scale,
  footprint,
  kill,
  takeover,
  endurance,
  codecs,
  group,
  moves,
  reading,
  writing,
  console: firstPage,
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
})
const scenario = scenarios[positionals[0] ?? '']
if (!scenario) {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(scenarios).join('|')} [--json]\n`)
  process.exit(2)
}
const figures = await scenario()
if (!values.json)
  for (const [name, value] of Object.entries(figures)) say(`${name.padEnd(24)} ${JSON.stringify(value)}`)
say(JSON.stringify(figures))

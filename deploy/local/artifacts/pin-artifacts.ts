// Updates artifacts.sha256 after a change of version in pom.xml: node deploy/local/artifacts/pin-artifacts.ts
// It trusts what Maven downloads now, which Maven checks against the published checksums. Review the diff.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openGuard } from '../process/guard.ts'
import { checksumFile, computeChecksums } from './checksums.ts'
import { download, findMaven, mavenIsMissing } from './maven.ts'

const maven = await findMaven(process.env)
if (maven === undefined) throw new Error(mavenIsMissing)
const staging = await mkdtemp(join(tmpdir(), 'hookline-pin-'))
const guard = openGuard(staging)
const progress = (line: string) => void process.stdout.write(`${line}\n`)
const files = await download({ maven, staging, env: process.env, guard, progress })
const sums = await computeChecksums(files)
await writeFile(checksumFile, [...sums].map(([name, sum]) => `${sum}  ${name}\n`).join(''))
guard.release()
await rm(staging, { recursive: true })
progress(`${sums.size} files in ${checksumFile}`)

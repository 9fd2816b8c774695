import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { baseImageProblem } from '../../../../deploy/release/base-image.ts'
import { releasedFile } from '../../../../deploy/release/release-facts.ts'

const digest = `sha256:${'0a'.repeat(32)}`

test('a base image of the Node of package.json, with a digest, is accepted', () => {
  expect(baseImageProblem(`node:24.21.0-bookworm-slim@${digest}`, '24.21.0')).toBeNull()
})

test.each([
  ['', /not given/],
  ['node:24.21.0-bookworm-slim', /no digest/],
  ['node:24.21.0-bookworm-slim@sha256:0a', /no digest/],
  [`node:24.20.0-bookworm-slim@${digest}`, /should be node:24\.21\.0/],
  [`other/node:24.21.0-bookworm-slim@${digest}`, /should be node:24\.21\.0/],
])('the base image "%s" is refused', (image, why) => {
  expect(baseImageProblem(image, '24.21.0')).toMatch(why)
})

test('a release is not recorded without the digest of its base image', () => {
  const before = readFileSync(releasedFile, 'utf8')
  const script = fileURLToPath(new URL('record-release.ts', releasedFile))
  expect(spawnSync(process.execPath, [script]).status).toBe(2)
  expect(readFileSync(releasedFile, 'utf8')).toBe(before)
})

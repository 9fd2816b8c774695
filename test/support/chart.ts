import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { findKubernetesTools, type KubernetesTools } from './kubernetes-tools.ts'

/** deploy/helm/hookline as Helm renders it. */

export const chart = fileURLToPath(new URL('../../deploy/helm/hookline', import.meta.url))
export const exampleNames = ['demo', 'scram-tls', 'strimzi-mtls'] as const
export const exampleFile = (name: string) => `${chart}/examples/${name}.yaml`

type EnvVar = { name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } }
type Volume = { name: string; secret?: { secretName: string; items: { key: string; path: string }[] } }
export type PodTemplate = {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> }
  spec: Record<string, unknown> & { containers: Container[]; volumes: Volume[] }
}
type Container = Record<string, unknown> & {
  args: string[]
  env?: EnvVar[]
  volumeMounts: { name: string; mountPath: string }[]
}
export type Resource = {
  apiVersion: string
  kind: string
  metadata: { name: string; labels: Record<string, string>; annotations?: Record<string, string> }
  spec: Record<string, unknown>
}

const found = await findKubernetesTools(process.env)
export const lackOfTools = 'lack' in found ? found.lack : null
if (lackOfTools !== null) process.stdout.write(`the Helm chart is not rendered: ${lackOfTools}\n`)

/** Tools for tests that run when lackOfTools is null. */
export function kubernetesTools(): KubernetesTools {
  if ('lack' in found) throw new Error(found.lack)
  return found
}

export function helm(args: string[], input = ''): { ok: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync(kubernetesTools().helm, args, { encoding: 'utf8', input })
  return { ok: status === 0, output: status === 0 ? stdout : stderr }
}

/** Renders the chart with these values, or with an example's and these merged over them. @throws Error of Helm. */
export function render(values: object, example?: string): Resource[] {
  const files = [...(example === undefined ? [] : [exampleFile(example)]), '-'].flatMap((file) => ['--values', file])
  const { ok, output } = helm(['template', 'hookline', chart, ...files], JSON.stringify(values))
  if (!ok) throw new Error(output)
  return parseAllDocuments(output)
    .map((document) => document.toJS() as Resource | null)
    .filter((resource) => resource !== null)
}

/** The one resource of a kind whose labels or name belong to a program. */
export function find(resources: Resource[], kind: string, program: string): Resource {
  const [resource, ...others] = resources.filter(
    ({ kind: its, metadata }) => its === kind && metadata.labels['app.kubernetes.io/component'] === program,
  )
  if (!resource || others.length > 0) throw new Error(`not exactly one ${kind} of ${program}`)
  return resource
}

/** Pod of a program: of its Deployment, or of the topics' Job. */
export function podOf(resources: Resource[], program: string): PodTemplate {
  const { spec } = find(resources, program === 'topics' ? 'Job' : 'Deployment', program)
  return spec.template as PodTemplate
}

/** Variables of a program's container; of a Secret's key as `secret/key`. */
export function environmentOf(resources: Resource[], program: string): Record<string, string> {
  const [container] = podOf(resources, program).spec.containers
  const entries = (container?.env ?? []).map(({ name, value, valueFrom }) => {
    const { name: secret, key } = valueFrom?.secretKeyRef ?? {}
    return [name, value ?? `${secret}/${key}`]
  })
  return Object.fromEntries(entries)
}

import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { findCachedFolder, runIn } from './cached-folder.ts'

/**
 * Definitions of the operators' resources that the chart renders, from the Go modules of these operators, downloaded
 * once into the cache. A new version: change version and sum (`go mod download -json MODULE@VERSION`).
 */
const modules = [
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    files: [
      'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
      'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml',
    ],
  },
  {
    module: 'github.com/kedacore/keda/v2@v2.21.0',
    sum: 'h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=',
    files: ['config/crd/bases/keda.sh_scaledobjects.yaml'],
  },
  {
    module: 'sigs.k8s.io/gateway-api@v1.6.3',
    sum: 'h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc=',
    files: ['config/crd/standard/gateway.networking.k8s.io_httproutes.yaml'],
  },
]

/** A structural schema, as Kubernetes calls it: a subset of JSON Schema with extensions. */
export type StructuralSchema = {
  type?: string
  properties?: Record<string, StructuralSchema>
  items?: StructuralSchema
  additionalProperties?: StructuralSchema | boolean
  'x-kubernetes-preserve-unknown-fields'?: boolean
}

type ResourceDefinition = {
  spec: {
    group: string
    names: { kind: string }
    versions: { name: string; served: boolean; schema: { openAPIV3Schema: StructuralSchema } }[]
  }
}

/** Schemas that refuse unknown fields, by `/apiVersion/kind`. */
export type OperatorSchemas = ReadonlyMap<string, StructuralSchema>

/** @returns the schemas, or why they cannot be had. */
export async function findOperatorSchemas(env: NodeJS.ProcessEnv): Promise<OperatorSchemas | { lack: string }> {
  const folder = await findCachedFolder(env, { name: 'operator-schemas', sources: modules, make: download })
  if (typeof folder !== 'string') return folder
  const files = modules.flatMap((each) => each.files.map((file) => join(folder, basename(file))))
  return new Map(files.flatMap((file) => readSchemas(parse(readFileSync(file, 'utf8')) as ResourceDefinition)))
}

/** @returns a folder with the definitions alone. */
function download(staging: string): string {
  const complete = join(staging, 'complete')
  mkdirSync(complete)
  // A cache of its own, which may be deleted: other files of the modules are not needed.
  const env = { ...process.env, GOMODCACHE: join(staging, 'modules'), GOFLAGS: '-modcacherw' }
  for (const { module, sum, files } of modules) {
    const found = JSON.parse(runIn(staging, 'go', ['mod', 'download', '-json', module], env)) as {
      Dir: string
      Sum: string
    }
    if (found.Sum !== sum) throw new Error(`${module} has the sum ${found.Sum}, not ${sum}`)
    for (const file of files) copyFileSync(join(found.Dir, file), join(complete, basename(file)))
  }
  return complete
}

function readSchemas({ spec: { group, names, versions } }: ResourceDefinition): [string, StructuralSchema][] {
  return versions
    .filter(({ served }) => served)
    .map(({ name, schema }) => [`/${group}/${name}/${names.kind}`, refuseUnknown(schema.openAPIV3Schema)])
}

/**
 * Refuses fields that a schema does not list, as Kubernetes does when it validates fields strictly. Schemas below allOf,
 * anyOf and not repeat fields of the schema they stand in, and stay open. Rules in CEL (x-kubernetes-validations) are not
 * checked.
 */
export function refuseUnknown(schema: StructuralSchema): StructuralSchema {
  const { type, properties, items, additionalProperties } = schema
  const isOpen = type !== 'object' || schema['x-kubernetes-preserve-unknown-fields'] === true
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, refuseUnknown(each)])),
    }),
    ...(items && { items: refuseUnknown(items) }),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: refuseUnknown(additionalProperties) }
      : !isOpen && additionalProperties === undefined && { additionalProperties: false }),
  }
}

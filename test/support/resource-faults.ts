import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import { kubernetesTools, lackOfTools, type Resource } from './chart.ts'
import { findOperatorSchemas } from './operator-schemas.ts'

/** Checks rendered resources with the schemas of Kubernetes and of operators; an unknown field is a fault. */

const operatorSchemas = await findOperatorSchemas(process.env)
export const lackOfOperatorSchemas = 'lack' in operatorSchemas ? operatorSchemas.lack : lackOfTools
if (lackOfOperatorSchemas !== null)
  process.stdout.write(`resources of operators are not compared with their schemas: ${lackOfOperatorSchemas}\n`)

/** Kinds whose schemas Kubernetes does not contain. */
export const operatorKinds = ['ServiceMonitor', 'PrometheusRule', 'ScaledObject', 'HTTPRoute']

type Definition = { 'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[] }
type Definitions = Record<string, Definition>

const definitionsId = '/api/_definitions.json'
const metadata = { $ref: `${definitionsId}#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta` }
/** Patterns of Go: `(?i)` stands for a flag, and there are escapes that JavaScript refuses in Unicode mode. */
const goPattern = Object.assign(
  (pattern: string) => new RegExp(pattern.replaceAll('(?i)', ''), pattern.includes('(?i)') ? 'i' : ''),
  { code: 'not for generated files' },
)

const validators = new Map<string, (resource: Resource) => ValidateFunction | null>()

/** @returns the faults of a resource by the strict schemas of a version of Kubernetes. */
export function faultsIn(version: string): (resource: Resource) => string[] {
  const findValidator = validators.get(version) ?? createValidators(version)
  validators.set(version, findValidator)
  return (resource) => {
    const validate = findValidator(resource)
    if (validate === null) return [`no schema of ${resource.apiVersion} ${resource.kind}`]
    validate(resource)
    return (validate.errors ?? []).map(
      ({ instancePath, message }) => `${resource.metadata.name}${instancePath} ${message}`,
    )
  }
}

function createValidators(version: string): (resource: Resource) => ValidateFunction | null {
  const { $defs } = JSON.parse(readFileSync(kubernetesTools().schemaFile(version), 'utf8')) as { $defs: Definitions }
  const ajv = new Ajv({ strict: false, validateFormats: false, logger: false, code: { regExp: goPattern } })
  ajv.addSchema({ $defs }, definitionsId)
  if (!('lack' in operatorSchemas))
    for (const [name, schema] of operatorSchemas)
      ajv.addSchema({ ...schema, properties: { ...schema.properties, metadata } }, name)
  return ({ apiVersion, kind }) => {
    const ofOperator = ajv.getSchema(`/${apiVersion}/${kind}`)
    if (ofOperator) return ofOperator
    const name = nameOf($defs, apiVersion, kind)
    return name === undefined ? null : ajv.compile({ $ref: `${definitionsId}#/$defs/${name}` })
  }
}

function nameOf($defs: Definitions, apiVersion: string, kind: string): string | undefined {
  return Object.keys($defs).find((key) =>
    $defs[key]?.['x-kubernetes-group-version-kind']?.some(
      ({ group, version, kind: its }) => its === kind && [group, version].filter(Boolean).join('/') === apiVersion,
    ),
  )
}

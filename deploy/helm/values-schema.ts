import { chartPrograms, declarationsOf, isPublic, type VariableDeclaration } from './programs.ts'

/**
 * deploy/helm/hookline/values.schema.json: `helm` refuses values that contradict it. Names, types and ranges of
 * variables come from the services' config.ts.
 */

type JsonSchema = Record<string, unknown>

const string = { type: 'string' }
const boolean = { type: 'boolean' }
const integer = (minimum: number) => ({ type: 'integer', minimum })
/** Passed on to Kubernetes, which checks it. */
const anyObject = { type: 'object' }
const anyList = { type: 'array', items: anyObject }
const strings = { type: 'object', additionalProperties: string }
const quantities = { type: 'object', additionalProperties: { type: ['string', 'number'] } }

function closed(properties: Record<string, JsonSchema>, required: string[] = []): JsonSchema {
  return { type: 'object', additionalProperties: false, properties, ...(required.length > 0 && { required }) }
}

const secretKey = {
  description: 'a key of an existing Secret; in name, {program} stands for the name of the program',
  ...closed({ name: { type: 'string', minLength: 1 }, key: { type: 'string', minLength: 1 } }, ['name', 'key']),
}
const resources = closed({ requests: quantities, limits: quantities, claims: anyList })

/** Settings that the values hold once for all programs, and again for each. */
function programSettings(programs: string[]): Record<string, JsonSchema> {
  const declared = [...new Map(programs.flatMap((program) => [...declarationsOf(program)]))]
  const plain = declared.filter(([, { secret }]) => !secret)
  return {
    config: closed(Object.fromEntries(plain.map(([name]) => [name, { $ref: `#/$defs/${name}` }]))),
    secrets: closed(Object.fromEntries(declared.map(([name]) => [name, { $ref: '#/$defs/secretKey' }]))),
    extraEnv: anyList,
    extraVolumes: anyList,
    extraVolumeMounts: anyList,
    podSpec: anyObject,
    podAnnotations: strings,
    podLabels: strings,
  }
}

/** Variable -> schema of its value. The services themselves check texts, by rules that JSON Schema cannot state. */
function variableSchemas(): Record<string, JsonSchema> {
  const declared = chartPrograms.flatMap((program) => [...declarationsOf(program)])
  return Object.fromEntries(declared.map(([name, variable]) => [name, schemaOfValue(variable)]))
}

function schemaOfValue({ type, enum: values, minimum, maximum, description }: VariableDeclaration): JsonSchema {
  return { description, ...(values ? { enum: values } : { type, minimum, maximum }) }
}

const autoscaling = closed({
  type: { enum: ['none', 'cpu', 'lag'] },
  minReplicas: integer(1),
  maxReplicas: integer(1),
  cpuPercent: integer(1),
  lagRecords: integer(1),
  triggerAuthentication: string,
})
const ingress = closed({
  enabled: boolean,
  className: string,
  annotations: strings,
  host: string,
  path: string,
  tlsSecretName: string,
})
const httpRoute = closed({
  enabled: boolean,
  annotations: strings,
  parentRefs: anyList,
  hostnames: { type: 'array', items: string },
  path: string,
})

function serviceSettings(program: string): JsonSchema {
  return closed({
    replicas: integer(0),
    resources,
    autoscaling,
    service: closed({ type: { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] }, annotations: strings }),
    ...(isPublic(program) && { ingress, httpRoute }),
    ...programSettings([program]),
  })
}

/** @returns the text of values.schema.json. */
export function valuesSchema(): string {
  const services = chartPrograms.filter((program) => program !== 'topics')
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: 'Made by "npm run docs". Do not edit.',
    ...closed({
      nameOverride: string,
      fullnameOverride: string,
      image: closed({
        repository: { type: 'string', minLength: 1 },
        tag: string,
        digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
        pullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] },
      }),
      ...programSettings(chartPrograms),
      services: closed(Object.fromEntries(services.map((program) => [program, serviceSettings(program)]))),
      topics: closed({
        enabled: boolean,
        backoffLimit: integer(0),
        activeDeadlineSeconds: integer(1),
        resources,
        ...programSettings(['topics']),
      }),
      strategy: anyObject,
      preStopSeconds: integer(0),
      podDisruptionBudget: closed({ enabled: boolean, maxUnavailable: { type: ['integer', 'string'] } }),
      spreadOverNodes: boolean,
      serviceMonitor: closed({ enabled: boolean, labels: strings, interval: string, scrapeTimeout: string }),
      prometheusRule: closed({ enabled: boolean, labels: strings }),
      dashboards: closed({ enabled: boolean, labels: strings }),
      networkPolicy: closed({
        enabled: boolean,
        callers: anyList,
        scrapers: anyList,
        egress: anyList,
        receivers: anyList,
      }),
      global: anyObject,
    }),
    $defs: { secretKey, ...variableSchemas() },
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

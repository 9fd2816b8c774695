import { describe, expect, test } from 'vitest'
import { exampleNames, type Resource, render } from '../../../support/chart.ts'
import { kubernetesVersions } from '../../../support/kubernetes-tools.ts'
import { refuseUnknown } from '../../../support/operator-schemas.ts'
import { faultsIn, lackOfOperatorSchemas, operatorKinds } from '../../../support/resource-faults.ts'

/** Resources that the chart renders for the Prometheus operator, KEDA and gateways, by the schemas of these. */

const [version] = kubernetesVersions

test('a schema that refuses unknown fields leaves open what the operator leaves open', () => {
  const text = { type: 'string' }
  const schema = {
    type: 'object',
    properties: {
      listed: { type: 'object', properties: { name: text } },
      labels: { type: 'object', additionalProperties: text },
      list: { type: 'array', items: { type: 'object', properties: { name: text } } },
      free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
  }
  const closed = { type: 'object', properties: { name: text }, additionalProperties: false }
  expect(refuseUnknown(schema)).toEqual({
    type: 'object',
    properties: { ...schema.properties, listed: closed, list: { type: 'array', items: closed } },
    additionalProperties: false,
  })
})

describe.skipIf(lackOfOperatorSchemas !== null)('resources of operators', () => {
  const resources = lackOfOperatorSchemas === null ? exampleNames.flatMap((example) => render({}, example)) : []
  const ofOperators = resources.filter(({ kind }) => operatorKinds.includes(kind))
  const findKind = (kind: string) => structuredClone(ofOperators.find((each) => each.kind === kind)) as Resource

  test('the examples of the chart render every kind of operators, valid and without unknown fields', () => {
    expect(new Set(ofOperators.map(({ kind }) => kind))).toEqual(new Set(operatorKinds))
    expect(ofOperators.flatMap(faultsIn(version))).toEqual([])
  })

  test.each<[string, string, (spec: never) => void]>([
    [
      'ServiceMonitor',
      'an unknown field',
      ({ endpoints }: { endpoints: [object] }) => Object.assign(endpoints[0], { honourLabels: true }),
    ],
    ['ServiceMonitor', 'no selector', (spec: { selector?: object }) => delete spec.selector],
    [
      'PrometheusRule',
      'an unknown field',
      ({ groups }: { groups: [{ rules: [object] }] }) => Object.assign(groups[0].rules[0], { summary: '' }),
    ],
    [
      'PrometheusRule',
      'a duration without a unit',
      ({ groups }: { groups: [{ rules: [object] }] }) => Object.assign(groups[0].rules[0], { for: '2' }),
    ],
    ['ScaledObject', 'an unknown field', (spec: object) => Object.assign(spec, { maxReplicas: 4 })],
    [
      'ScaledObject',
      'a number where text is needed',
      ({ triggers }: { triggers: [{ metadata: object }] }) =>
        Object.assign(triggers[0].metadata, { lagThreshold: 1_000 }),
    ],
    ['ScaledObject', 'no target', (spec: { scaleTargetRef?: object }) => delete spec.scaleTargetRef],
    ['HTTPRoute', 'an unknown field', (spec: object) => Object.assign(spec, { hostname: 'hooks.example.com' })],
    [
      'HTTPRoute',
      'a name as a port',
      ({ rules }: { rules: [{ backendRefs: [object] }] }) => Object.assign(rules[0].backendRefs[0], { port: 'http' }),
    ],
  ])('the schema of a %s finds %s', (kind, _fault, damage) => {
    const resource = findKind(kind)
    damage(resource.spec as never)
    expect(faultsIn(version)(resource)).not.toEqual([])
  })

  test('the schemas of operators find a label that is no text', () => {
    const resource = findKind('ServiceMonitor')
    Object.assign(resource.metadata.labels, { release: 1 })
    expect(faultsIn(version)(resource)).not.toEqual([])
  })
})

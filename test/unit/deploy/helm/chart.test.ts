import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { chartFiles } from '../../../../deploy/helm/chart-files.ts'
import { chartPrograms } from '../../../../deploy/helm/programs.ts'
import { chart, exampleFile, exampleNames, find, helm, lackOfTools, podOf, render } from '../../../support/chart.ts'
import { isThere, readDocument } from '../../../support/documents.ts'
import { kubernetesVersions } from '../../../support/kubernetes-tools.ts'
import { faultsIn, operatorKinds } from '../../../support/resource-faults.ts'

/** Resources that the chart renders for each set of values in its folder examples/. */

const services = chartPrograms.filter((program) => program !== 'topics')

test.each([...chartFiles()])('the generated file %s of the chart is current; if not: npm run docs', (path, text) => {
  expect(readDocument(path)).toBe(text)
})

test('the chart and the application in it have the version of the package', () => {
  const { version } = JSON.parse(readDocument('package.json')) as { version: string }
  expect(parse(readDocument('deploy/helm/hookline/Chart.yaml'))).toMatchObject({ version, appVersion: version })
})

describe.skipIf(lackOfTools !== null).each(exampleNames)('the chart with examples/%s.yaml', (example) => {
  const resources = lackOfTools === null ? render({}, example) : []

  test(`Helm's linter accepts the values of ${example}`, () => {
    expect(helm(['lint', '--strict', chart, '--values', exampleFile(example)])).toMatchObject({ ok: true })
  })

  test.each(kubernetesVersions)(
    `resources of ${example} are valid in Kubernetes %s, without unknown fields`,
    (version) => {
      // operator-resources.test.ts checks the others.
      const ofKubernetes = resources.filter(({ kind }) => !operatorKinds.includes(kind))
      const faults = ofKubernetes.flatMap(faultsIn(version))
      expect(faults).toEqual([])
      expect(resources.length).toBeGreaterThan(15)
    },
  )

  test.each(services)(
    `the pod of %s in ${example} runs restricted and is probed at the paths that services serve`,
    (program) => {
      const { spec } = podOf(resources, program)
      const [container] = spec.containers
      expect(spec).toMatchObject(restrictedPod)
      const at = (path: string) => ({ httpGet: { path, port: 'http' } })
      expect(container).toMatchObject({
        securityContext: restrictedContainer,
        startupProbe: at('/healthz'),
        livenessProbe: at('/healthz'),
        readinessProbe: at('/readyz'),
        ports: [{ name: 'http', containerPort: expect.any(Number) }],
        resources: { limits: { memory: expect.any(String) } },
      })
      expect(isThere(container?.args.at(-1) ?? '')).toBe(true)
    },
  )

  test(`the topics of ${example} are applied before installations and upgrades`, () => {
    const job = find(resources, 'Job', 'topics')
    expect(job.metadata.annotations?.['helm.sh/hook']).toBe('pre-install,pre-upgrade')
    const { spec } = podOf(resources, 'topics')
    expect(spec).toMatchObject({ ...restrictedPod, restartPolicy: 'Never' })
    expect(spec.containers).toMatchObject([
      { args: [expect.any(String), 'services/topics/command.ts', 'apply'], securityContext: restrictedContainer },
    ])
  })

  test.each(services)(
    `the Service and the PodDisruptionBudget of %s in ${example} select its pods and no others`,
    (program) => {
      const selected = podOf(resources, program).metadata.labels
      const selectors = [
        find(resources, 'Service', program).spec.selector,
        (find(resources, 'PodDisruptionBudget', program).spec.selector as Selector).matchLabels,
        (find(resources, 'Deployment', program).spec.selector as Selector).matchLabels,
      ] as Record<string, string>[]
      for (const selector of selectors) {
        expect(selected).toMatchObject(selector)
        expect(selector['app.kubernetes.io/component']).toBe(program)
      }
    },
  )
})

type Selector = { matchLabels: Record<string, string> }

const restrictedPod = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
}
const restrictedContainer = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
}

test.skipIf(lackOfTools !== null).each(kubernetesVersions)(
  "Kubernetes %s's schemas find an unknown field, a wrong type and a missing field",
  (version) => {
    const resources = render({}, 'demo')
    const budget = find(resources, 'PodDisruptionBudget', 'admin')
    const deployment = find(resources, 'Deployment', 'admin')
    const wrong = [
      { ...budget, spec: { ...budget.spec, minAvailabel: 1 } },
      { ...budget, spec: { ...budget.spec, maxUnavailable: true } },
      { ...deployment, spec: { replicas: 1 } },
    ]
    expect(faultsIn(version)(budget)).toEqual([])
    for (const resource of wrong) expect(faultsIn(version)(resource)).not.toEqual([])
  },
)

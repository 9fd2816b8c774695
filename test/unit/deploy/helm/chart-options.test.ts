import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { environmentOf, find, lackOfTools, podOf, type Resource, render } from '../../../support/chart.ts'
import { filesBelow, readDocument } from '../../../support/documents.ts'

type ComposeLimits = { services: Record<string, { mem_limit?: string }> }

/** Options of the chart: what each adds to the resources, and values that are refused. */

describe.skipIf(lackOfTools !== null)('options of the chart', () => {
  const demo = lackOfTools === null ? render({}, 'demo') : []
  const production = lackOfTools === null ? render({}, 'scram-tls') : []

  test('a pod gets more time to end than its program takes, and callers of producer and admin time to leave it', () => {
    const graceOf = (program: string) => podOf(production, program).spec.terminationGracePeriodSeconds
    expect(graceOf('formatter')).toBe(30 + 5)
    // HOOKLINE_SHUTDOWN_TIMEOUT_MS of this example.
    expect(graceOf('dispatcher')).toBe(60 + 5)
    expect(graceOf('producer')).toBe(5 + 30 + 5)
    const preStop = { preStop: { sleep: { seconds: 5 } } }
    expect(podOf(production, 'admin').spec.containers[0]?.lifecycle).toEqual(preStop)
    expect(podOf(production, 'formatter').spec.containers[0]?.lifecycle).toBeUndefined()
  })

  test('a service that is scaled has no fixed number of replicas, and its autoscaler names its Deployment', () => {
    const scaler = find(production, 'HorizontalPodAutoscaler', 'producer')
    expect(scaler.spec).toMatchObject({ minReplicas: 2, maxReplicas: 4, scaleTargetRef: { name: 'hookline-producer' } })
    const lag = find(production, 'ScaledObject', 'dispatcher')
    expect(lag.spec).toMatchObject({ maxReplicaCount: 12, scaleTargetRef: { name: 'hookline-dispatcher' } })
    for (const program of ['producer', 'dispatcher'])
      expect(find(production, 'Deployment', program)).toMatchObject({ metadata: { name: `hookline-${program}` } })
    for (const program of ['producer', 'formatter', 'dispatcher'])
      expect(find(production, 'Deployment', program).spec).not.toHaveProperty('replicas')
    expect(find(production, 'Deployment', 'admin').spec.replicas).toBe(2)
  })

  test("KEDA watches the lag of the program's group in its topics, with the connection of the program", () => {
    const { triggers } = find(production, 'ScaledObject', 'formatter').spec as { triggers: object[] }
    const trigger = (topic: string) => ({
      type: 'kafka',
      metadata: {
        bootstrapServers: 'kafka-1.example.com:9093,kafka-2.example.com:9093,kafka-3.example.com:9093',
        consumerGroup: 'hookline.formatter',
        topic: `hookline.${topic}`,
        lagThreshold: '1000',
        tls: 'enable',
        sasl: 'scram_sha512',
      },
      authenticationRef: { name: 'hookline-kafka' },
    })
    expect(triggers).toEqual([trigger('message-events'), trigger('status-events')])
  })

  test('the ServiceMonitor selects the Services of the release at a port that they have', () => {
    const monitor = find(production, 'ServiceMonitor', 'metrics')
    const { selector, endpoints } = monitor.spec as {
      selector: { matchLabels: object }
      endpoints: { port: string; path: string }[]
    }
    const services = production.filter(({ kind }) => kind === 'Service')
    expect(services).toHaveLength(5)
    for (const { metadata, spec } of services) {
      expect(metadata.labels).toMatchObject(selector.matchLabels)
      expect(spec.ports).toMatchObject([{ name: endpoints[0]?.port }])
    }
    const relabelings = [
      { targetLabel: 'job', replacement: 'hookline' },
      { targetLabel: 'instance', sourceLabels: ['__meta_kubernetes_pod_name'] },
    ]
    expect(endpoints).toMatchObject([{ path: '/metrics', honorLabels: true, relabelings }])
    expect(monitor.metadata.labels).toMatchObject({ release: 'prometheus' })
  })

  test('the alert rules and dashboards of deploy/monitoring are installed as they are', () => {
    const [rule, ...others] = production.filter(({ kind }) => kind === 'PrometheusRule')
    expect(others).toEqual([])
    expect(rule?.spec).toEqual(parse(readDocument('deploy/monitoring/alerts.yaml')))
    const dashboards = production.filter(({ kind }) => kind === 'ConfigMap') as unknown as { data: object }[]
    const files = filesBelow('deploy/monitoring/dashboards', '.json')
    expect(files.length).toBeGreaterThan(0)
    expect(dashboards.map(({ data }) => data)).toEqual(
      files.sort().map((path) => ({ [path.split('/').at(-1) ?? '']: readDocument(path) })),
    )
  })

  test('network policies let callers reach producer and admin only, and the dispatcher alone reaches receivers', () => {
    for (const program of ['producer', 'formatter', 'dispatcher', 'stats-aggregator', 'admin']) {
      const { spec } = find(production, 'NetworkPolicy', program)
      const text = JSON.stringify(spec.ingress)
      expect(text.includes('ingress-nginx'), program).toBe(['producer', 'admin'].includes(program))
      expect(text, program).toContain('monitoring')
      expect(JSON.stringify(spec.egress).includes('0.0.0.0/0'), program).toBe(program === 'dispatcher')
      expect(spec.policyTypes, program).toEqual(['Ingress', 'Egress'])
    }
  })

  test('an Ingress and an HTTPRoute lead to a Service at a port that it has', () => {
    const route = { enabled: true, parentRefs: [{ name: 'public' }], hostnames: ['hooks.example.com'] }
    const services = { admin: { httpRoute: route, config: { HOOKLINE_HTTP_PORT: 9000 } } }
    const resources = render({ services }, 'scram-tls')
    const port = { name: 'http', port: 9000, targetPort: 'http' }
    expect(find(resources, 'Service', 'admin')).toMatchObject({
      metadata: { name: 'hookline-admin' },
      spec: { ports: [port] },
    })
    expect(podOf(resources, 'admin').spec.containers[0]?.ports).toEqual([{ name: 'http', containerPort: 9000 }])
    const backend = { service: { name: 'hookline-admin', port: { name: 'http' } } }
    expect(find(resources, 'Ingress', 'admin').spec).toMatchObject({
      ingressClassName: 'nginx',
      rules: [{ host: 'hooks.example.com', http: { paths: [{ path: '/', backend }] } }],
      tls: [{ hosts: ['hooks.example.com'], secretName: 'hooks-tls' }],
    })
    expect(find(resources, 'HTTPRoute', 'admin').spec).toMatchObject({
      parentRefs: [{ name: 'public' }],
      hostnames: ['hooks.example.com'],
      rules: [{ backendRefs: [{ name: 'hookline-admin', port: 9000 }] }],
    })
  })

  test('more variables, volumes and fields of the pod are added, for all programs or for one', () => {
    const volume = { name: 'ca', configMap: { name: 'ca' } }
    const values = {
      extraEnv: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/ca/ca.pem' }],
      extraVolumes: [volume],
      extraVolumeMounts: [{ name: 'ca', mountPath: '/ca' }],
      podSpec: { nodeSelector: { pool: 'a' }, serviceAccountName: 'hookline' },
      services: { dispatcher: { podSpec: { nodeSelector: { pool: 'b' } }, extraEnv: [{ name: 'X', value: 'y' }] } },
    }
    const resources = render(values, 'demo')
    const { spec } = podOf(resources, 'dispatcher')
    expect(spec).toMatchObject({ nodeSelector: { pool: 'b' }, serviceAccountName: 'hookline' })
    expect(spec.volumes).toContainEqual(volume)
    expect(spec.containers[0]?.volumeMounts).toContainEqual({ name: 'ca', mountPath: '/ca' })
    const added = { NODE_EXTRA_CA_CERTS: '/ca/ca.pem', X: 'y' }
    expect(environmentOf(resources, 'dispatcher')).toMatchObject(added)
    expect(environmentOf(resources, 'topics')).toHaveProperty('NODE_EXTRA_CA_CERTS')
    expect(environmentOf(resources, 'topics')).not.toHaveProperty('X')
    expect(podOf(resources, 'topics').spec.nodeSelector).toEqual({ pool: 'a' })
  })

  test('each container may use as much memory as in docker-compose.yml', () => {
    const compose = parse(readDocument('docker-compose.yml'), { merge: true }) as ComposeLimits
    for (const program of ['producer', 'formatter', 'dispatcher', 'stats-aggregator', 'admin', 'topics']) {
      const limit = compose.services[program]?.mem_limit?.replace('m', 'Mi')
      expect(limit).toMatch(/^\d+Mi$/)
      expect(podOf(demo, program).spec.containers[0]?.resources, program).toMatchObject({ limits: { memory: limit } })
    }
  })

  test('the image is that of the appVersion unless a tag or a digest is given', () => {
    const imageOf = (resources: Resource[]) => podOf(resources, 'admin').spec.containers[0]?.image
    expect(imageOf(demo)).toMatch(/^hookline:\d+\.\d+\.\d+$/)
    expect(imageOf(render({ image: { tag: 'next' } }, 'demo'))).toBe('hookline:next')
    const digest = `sha256:${'0'.repeat(64)}`
    expect(imageOf(render({ image: { digest } }, 'demo'))).toBe(`hookline@${digest}`)
  })

  test.each<[string, object, string]>([
    ['an unknown variable', { config: { KAFKA_BROKER: 'kafka:9092' } }, 'KAFKA_BROKER'],
    ['a secret as plain text', { config: { KAFKA_SASL_PASSWORD: 'secret' } }, 'KAFKA_SASL_PASSWORD'],
    ['a number beyond its range', { config: { HOOKLINE_PARTITIONS: 1001 } }, 'HOOKLINE_PARTITIONS'],
    [
      'a variable of another service',
      { services: { formatter: { config: { HOOKLINE_PUBLIC_URL: '' } } } },
      'HOOKLINE_PUBLIC_URL',
    ],
    ['an unknown setting', { services: { admin: { replica: 2 } } }, 'replica'],
    ['a key ring that is missing', { secrets: { HOOKLINE_KEY_RING: null } }, 'HOOKLINE_KEY_RING'],
    ['brokers that are missing', { config: { KAFKA_BROKERS: null } }, 'KAFKA_BROKERS'],
    ['a value given twice', { secrets: { KAFKA_BROKERS: { name: 'a', key: 'b' } } }, 'KAFKA_BROKERS is both'],
    ['lag where none is read', { services: { admin: { autoscaling: { type: 'lag' } } } }, 'admin reads no topic'],
    ['an Ingress without a host', { services: { admin: { ingress: { enabled: true } } } }, 'services.admin.ingress'],
  ])('values with %s are refused, and the message names it', (_name, values, message) => {
    expect(() => render(values, 'demo')).toThrow(message)
  })

  test('the pod of helm test asks each service whether it is ready, and fails if one is not', async () => {
    const pod: unknown = demo.find(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === 'test')
    const { args } = (pod as { spec: { containers: [{ args: string[] }] } }).spec.containers[0]
    const urls = args.slice(args.indexOf('--') + 1)
    const services = demo.filter(({ kind }) => kind === 'Service')
    expect(urls.sort()).toEqual(
      services
        .map(({ metadata, spec }) => `http://${metadata.name}:${(spec.ports as { port: number }[])[0]?.port}`)
        .sort(),
    )
    const isReady = await listenWith(200)
    const isNot = await listenWith(503)
    const script = args.slice(0, args.indexOf('--') + 1)
    expect(await exitCode([...script, isReady, isReady])).toBe(0)
    expect(await exitCode([...script, isReady, isNot])).toBe(1)
    expect(await exitCode([...script, 'http://127.0.0.1:1'])).toBe(1)
  })
})

async function listenWith(status: number): Promise<string> {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/readyz' ? status : 404
    response.end()
  })
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function exitCode(args: string[]): Promise<number | null> {
  const [code] = (await once(spawn(process.execPath, args, { stdio: 'ignore' }), 'exit')) as [number | null]
  return code
}

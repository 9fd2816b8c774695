/** A listener beside the first one, whose clients need neither TLS nor a login. */
export type ExtraListener = {
  /** Capital letters, such as MTLS. */
  name: string
  protocol: 'SASL_PLAINTEXT' | 'SSL' | 'SASL_SSL'
  /** Settings of this listener alone, such as ssl.client.auth. */
  settings: Readonly<Record<string, string | number>>
}

export type BrokerSecurity = {
  listeners: readonly ExtraListener[]
  /** Settings of the whole broker. */
  settings?: Readonly<Record<string, string | number>>
  /** User -> password, for SCRAM-SHA-256 and SCRAM-SHA-512. */
  scramUsers?: Readonly<Record<string, string>>
  /** Flags of the broker's JVM, such as -Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=... */
  jvmFlags?: readonly string[]
}

/**
 * Settings for one node: one replica of everything, and few partitions of the internal topics, which are created at
 * first use.
 */
export function brokerProperties(
  port: number,
  controllerPort: number,
  dataDirectory: string,
  extra: readonly (ExtraListener & { port: number })[] = [],
  settings: BrokerSecurity['settings'] = {},
): string {
  const plain = `PLAINTEXT://127.0.0.1:${port}`
  const advertised = [plain, ...extra.map((listener) => `${listener.name}://127.0.0.1:${listener.port}`)]
  const protocols = extra.map(({ name, protocol }) => `,${name}:${protocol}`)
  const properties: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: [...advertised, `CONTROLLER://127.0.0.1:${controllerPort}`].join(','),
    'advertised.listeners': advertised.join(','),
    'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT${protocols.join('')}`,
    'controller.listener.names': 'CONTROLLER',
    // Escapes backslashes, as in Windows paths: in a properties file they begin an escape.
    'log.dirs': dataDirectory.replaceAll('\\', '/'),
    'auto.create.topics.enable': false,
    'num.partitions': 4,
    'default.replication.factor': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 4,
    // No wait of 3 s for further consumers at the first join.
    'group.initial.rebalance.delay.ms': 0,
    // Session timeout of the broker: after a kill -9 it can register again only when its former session has expired
    // (default 9 s).
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 1_000,
    // Default: a quarter of the heap.
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
    ...settings,
  }
  for (const { name, settings: own } of extra)
    for (const [setting, value] of Object.entries(own))
      properties[`listener.name.${name.toLowerCase()}.${setting}`] = value
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

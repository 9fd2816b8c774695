/**
 * A second listener with SASL PLAIN, whose clients may do what ACLs allow. Clients of the first listener may do
 * everything.
 */
export type SecuredListener = {
  port: number
  /** User -> password. */
  users: Readonly<Record<string, string>>
}

/**
 * Settings for one node: one replica of everything, and few partitions of the internal topics, which are created at
 * first use.
 */
export function brokerProperties(
  port: number,
  controllerPort: number,
  dataDirectory: string,
  secured?: SecuredListener,
): string {
  const properties: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
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
    ...(secured && securedProperties(port, controllerPort, secured)),
  }
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

function securedProperties(plainPort: number, controllerPort: number, { port, users }: SecuredListener) {
  const plain = `PLAINTEXT://127.0.0.1:${plainPort},SASL_PLAINTEXT://127.0.0.1:${port}`
  const logins = Object.entries(users).map(([user, password]) => `user_${user}="${password}"`)
  return {
    listeners: `${plain},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': plain,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.sasl_plaintext.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${logins.join(' ')};`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
  }
}

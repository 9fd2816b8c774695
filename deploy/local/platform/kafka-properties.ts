/** A second listener, where clients sign in by SASL PLAIN and may do what ACLs allow. The first one may do everything. */
export type SecuredListener = {
  port: number
  /** User -> password. */
  users: Readonly<Record<string, string>>
}

/** One node, so one replica of everything; few partitions of the internal topics, which are created at the first use. */
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
    // In a properties file a backslash, as in Windows' paths, begins an escape.
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
    // No second consumer is on its way that would be worth 3 s of waiting.
    'group.initial.rebalance.delay.ms': 0,
    // After a kill -9 the broker may register again only when its former session has expired (9 s by default).
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 1_000,
    // A quarter of the heap by default.
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

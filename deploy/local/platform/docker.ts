import { GenericContainer, Wait } from 'testcontainers'
import { findFreePorts } from '../process/ports.ts'
import { brokerProperties } from './kafka-properties.ts'

const kafkaImage = 'apache/kafka:4.3.1'
const registryImage = 'apicurio/apicurio-registry:3.3.3'

export type DockerPlatform = {
  description: string
  brokers: string[]
  schemaRegistryUrl: string
  stop(): Promise<void>
}

/**
 * Kafka and Apicurio Registry as containers, for machines with Docker and without Java or Maven.
 * Tried with Docker Engine 26.1 and images of the same software that were built for the test.
 * @throws Error from testcontainers if an image cannot be pulled or a container does not start.
 */
export async function startDockerPlatform(): Promise<DockerPlatform> {
  // The host's port is chosen before the start, because the broker advertises the address that clients use.
  const [port = 0] = await findFreePorts(1)
  const kafka = new GenericContainer(kafkaImage)
    .withExposedPorts({ container: port, host: port })
    .withCopyContentToContainer([
      { target: '/mnt/shared/config/server.properties', content: containerProperties(port) },
    ])
    .withWaitStrategy(Wait.forLogMessage('Kafka Server started'))
  const registry = new GenericContainer(registryImage)
    .withExposedPorts(8080)
    .withEnvironment({ APICURIO_STORAGE_KIND: 'sql', APICURIO_STORAGE_SQL_KIND: 'h2' })
    .withWaitStrategy(Wait.forHttp('/apis/ccompat/v7/subjects', 8080))

  const [kafkaContainer, registryContainer] = await Promise.all([kafka.start(), registry.start()])
  const registryAddress = `${registryContainer.getHost()}:${registryContainer.getMappedPort(8080)}`
  return {
    description: `${kafkaImage} and ${registryImage} in Docker`,
    brokers: [`${kafkaContainer.getHost()}:${port}`],
    schemaRegistryUrl: `http://${registryAddress}/apis/ccompat/v7`,
    async stop() {
      await Promise.all([kafkaContainer.stop(), registryContainer.stop()])
    },
  }
}

/**
 * The settings of the local broker, but listening on the container's interfaces, which only Docker's forwarding
 * reaches.
 */
function containerProperties(port: number): string {
  return brokerProperties(port, 9093, '/tmp/kafka-data').replace(
    `listeners=PLAINTEXT://127.0.0.1:${port}`,
    `listeners=PLAINTEXT://0.0.0.0:${port}`,
  )
}

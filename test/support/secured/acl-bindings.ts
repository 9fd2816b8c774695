import kafkajs, { type Admin } from 'kafkajs'
import { listRights, type Program, type Right } from '../../../services/topics/rights.ts'
import { openKafkajs } from '../kafkajs.ts'

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ConfigResourceTypes, ResourcePatternTypes } = kafkajs

/** One operation that a program may do with a topic or group. */
export type GrantedRight = {
  program: Program
  operation: Right['operations'][number]
  /** Name of the topic or group, or the prefix of several, as in Kafka. */
  name: string
  resource: Right['resource']
  /** The ACL as kafkajs' admin client takes it. */
  acl: Parameters<Admin['createAcls']>[0]['acl'][number]
}

const kafkaOperations: Record<GrantedRight['operation'], number> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Describe: AclOperationTypes.DESCRIBE,
  Create: AclOperationTypes.CREATE,
  AlterConfigs: AclOperationTypes.ALTER_CONFIGS,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
}

/** The rights of the map, one by one. The program's name is its user. */
export function listGranted(program: Program, prefix: string): GrantedRight[] {
  return listRights(program, prefix).flatMap(({ resource, name, pattern, operations }) =>
    operations.map((operation) => ({
      program,
      operation,
      name,
      resource,
      acl: {
        resourceType: resource === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
        resourceName: name,
        resourcePatternType: pattern === 'prefixed' ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
        principal: `User:${program}`,
        host: '*',
        operation: kafkaOperations[operation],
        permissionType: AclPermissionTypes.ALLOW,
      },
    })),
  )
}

/** Changes the rights of programs, through a listener that needs none. */
export async function grant(brokers: string[], rights: readonly GrantedRight[]): Promise<void> {
  if (rights.length > 0)
    await withSuperuser(brokers, (admin) => admin.createAcls({ acl: rights.map(({ acl }) => acl) }))
}

export async function revoke(brokers: string[], rights: readonly GrantedRight[]): Promise<void> {
  if (rights.length > 0)
    await withSuperuser(brokers, (admin) => admin.deleteAcls({ filters: rights.map(({ acl }) => acl) }))
}

/** Reads from Kafka itself what a user may do. */
export async function readGranted(brokers: string[], program: Program): Promise<object[]> {
  return withSuperuser(brokers, async (admin) => {
    const { resources } = await admin.describeAcls({
      resourceType: AclResourceTypes.ANY,
      resourcePatternType: ResourcePatternTypes.ANY,
      operation: AclOperationTypes.ANY,
      permissionType: AclPermissionTypes.ANY,
      principal: `User:${program}`,
    })
    return resources.flatMap(({ acls, ...resource }) =>
      acls.map((acl) => ({ ...acl, ...resource, resourcePatternType: resource.resourcePatternType })),
    )
  })
}

/** Deletes a topic, or changes its settings, so that `npm run topics -- apply` has something to do. */
export async function spoil(brokers: string[], topic: string, how: 'delete' | 'change'): Promise<void> {
  const configEntries = [{ name: 'retention.ms', value: '3600000' }]
  const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }]
  await withSuperuser(brokers, async (admin) => {
    if (how === 'delete') await admin.deleteTopics({ topics: [topic] })
    else await admin.alterConfigs({ validateOnly: false, resources })
  })
}

async function withSuperuser<T>(brokers: string[], use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = openKafkajs(brokers).admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

import { expect, test } from 'vitest'
import { kafkaAcls } from '../../../services/topics/print/kafka-acls.ts'
import { listRights, programs } from '../../../services/topics/rights.ts'
import { topics } from '../../../services/topics/topic-map.ts'

const find = (program: (typeof programs)[number], name: string) =>
  listRights(program, 'p-').filter((right) => right.name === `p-${name}`)

test('a service may read and write what the map of topics says, and nothing else', () => {
  const named = listRights('formatter', 'p-').filter(({ resource }) => resource === 'topic')
  const expected = Object.values(topics).flatMap((topic) => {
    const [readers, writers] = [topic.readers, topic.writers] as readonly (readonly string[])[]
    const operations = [
      ...(readers?.includes('formatter') ? ['Read'] : []),
      ...(writers?.includes('formatter') ? ['Write'] : []),
    ]
    return operations.length === 0
      ? []
      : [{ resource: 'topic', name: `p-${topic.name}`, pattern: 'literal', operations }]
  })
  expect(named).toEqual(expected)
  expect(named.length).toBeGreaterThan(4)
})

test('the rights on webhook-stats cover its other generations', () => {
  expect(find('stats-aggregator', 'webhook-stats')).toEqual([
    expect.objectContaining({ pattern: 'prefixed', operations: ['Read', 'Write'] }),
  ])
  expect(find('stats-rebuild', 'webhook-stats').flatMap(({ operations }) => operations)).toEqual(
    expect.arrayContaining(['Read', 'Write', 'Create', 'DescribeConfigs']),
  )
})

test('only the program that creates topics may create and change all of them', () => {
  const making = programs.filter((program) =>
    listRights(program, '').some(({ name, operations }) => name === 'message-events' && operations.includes('Create')),
  )
  expect(making).toEqual(['topics'])
})

test('principals and names with shell characters are quoted', () => {
  const [line = ''] = kafkaAcls('producer', 'a', "User:CN=it's me,O=x")
  expect(line).toContain(String.raw`--allow-principal 'User:CN=it'\''s me,O=x'`)
  expect(line).toContain(
    '--operation Write --resource-pattern-type literal --topic amessage-events --topic astatus-events',
  )
})

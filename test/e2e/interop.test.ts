import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, inject, onTestFinished, test } from 'vitest'
import { lackOf, python } from '../support/python.ts'
import { startRegistryProxy } from '../support/registry-proxy.ts'
import { startTestStack } from '../support/services.ts'

/** Other clients: Debian's kcat writes definitions, Python's Confluent client publishes and reads. */

const missing = whatIsMissing()
if (missing) process.stdout.write(`interop with kcat and Python is skipped: ${missing}\n`)

test.skipIf(missing !== null)(
  'a definition from kcat and an event from Python, whose registry leaves a request unanswered, lead to a delivery that Python reads and verifies',
  async () => {
    const brokers = inject('brokers').join(',')
    await using world = await startTestStack({
      brokers: inject('brokers'),
      schemaRegistryUrl: inject('schemaRegistryUrl'),
    })
    const prefix = world.stack.topicPrefix
    const arrivals: { headers: Record<string, string>; body: string }[] = []
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        arrivals.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString() })
        response.end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/by-kcat`
    const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
    const definition = {
      id: 'by-kcat',
      businessId: world.businessId,
      name: 'By kcat',
      url,
      channels: ['kcat-channel'],
      timeoutMs: 30_000,
      slowThresholdMs: 30_000,
      secret,
    }
    kcat(['-P', '-b', brokers, '-t', `${prefix}webhook-config`, '-K', '|'], `by-kcat|${JSON.stringify(definition)}\n`)
    await world.inForce()

    const time = 1_767_225_600_000
    const event = {
      eventId: `${prefix}python-1`,
      businessId: world.businessId,
      chatPlatform: 'telegram',
      chatChannelId: 'kcat-channel',
      contactId: 'ana',
      chatIdInChatPlatform: 'chat-1',
      customerId: 'ana',
      customerCreationTime: time,
      sessionCreationTime: time,
      messages: [{ id: 'm1', date: time, from: 'user', fromName: 'Ana', message: '¿Está abierto?', isButton: false }],
      variables: {},
    }
    // The serializer asks first whether the topic has associated subjects, which Apicurio answers with 404.
    await using registry = await startRegistryProxy(inject('schemaRegistryUrl'))
    registry.leaveUnanswered('/associations/', 1)
    const script = fileURLToPath(new URL('./interop.py', import.meta.url))
    const child = spawn(python, [script, brokers, registry.url, prefix], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    // A failed test leaves no process behind.
    onTestFinished(() => void child.kill())
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
    child.stdin.write(`${JSON.stringify({ event, secret, webhookId: 'by-kcat' })}\n`)
    await expect.poll(() => arrivals.length, { timeout: 90_000 }).toBe(1)
    child.stdin.end(`${JSON.stringify(arrivals[0])}\n`)
    expect(await ended).toBe(0)
    expect(registry.answered()).toBe(1)
    server.close()
    server.closeAllConnections()

    const seen = JSON.parse(output)
    expect(seen).toMatchObject({
      deliveryId: arrivals[0]?.headers['webhook-id'],
      body: arrivals[0]?.body,
      attempt: { deliveryId: arrivals[0]?.headers['webhook-id'], attempt: 1, outcome: 'success', status: 200 },
      verified: true,
    })
    expect(JSON.parse(arrivals[0]?.body ?? '')).toMatchObject({
      v: '1.1',
      type: 'message',
      messages: [{ message: '¿Está abierto?' }],
    })

    // Admin has encrypted the secret, so the newest record does not show it.
    const records = kcat(['-C', '-b', brokers, '-t', `${prefix}webhook-config`, '-e', '-q', '-f', '%k %s\n'], '')
    const newest = records.split('\n').findLast((line) => line.startsWith('by-kcat '))
    expect(newest).toContain('"secret":"sealed:v1:')
  },
)

function kcat(args: string[], input: string): string {
  return execFileSync('kcat', args, { input, encoding: 'utf8', timeout: 60_000 })
}

function whatIsMissing(): string | null {
  if (spawnSync('kcat', ['-V']).status !== 0) return 'kcat is not installed'
  return lackOf('confluent_kafka.schema_registry.avro', 'fastavro', 'standardwebhooks')
}

import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Writer } from '@platformatic/kafka'
import { afterEach, expect, test } from 'vitest'
import { createAdviser } from '../../../../../services/platform/kafka/security/advice.ts'
import { BrokerConnection } from '../../../../../services/platform/kafka/wire/broker-connection.ts'
import { KafkaFault } from '../../../../../services/platform/kafka/wire/kafka-fault.ts'
import { systemClock as clock } from '../../../../../services/platform/runtime/clock.ts'

const opened: (() => void)[] = []
afterEach(() => {
  for (const close of opened.splice(0)) close()
})

type Request = { key: number; answer(body: Buffer): void; socket: Socket }

/** A server that reads requests as a broker does. */
async function startBroker(onRequest: (request: Request) => void): Promise<{ host: string; port: number }> {
  const server = createServer((socket) => {
    let received = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const frame = received.subarray(4, 4 + received.readInt32BE(0))
        received = received.subarray(4 + frame.length)
        const answer = (body: Buffer) => {
          const head = Buffer.alloc(8)
          head.writeInt32BE(4 + body.length, 0)
          frame.copy(head, 4, 4, 8)
          socket.write(Buffer.concat([head, body]))
        }
        onRequest({ key: frame.readInt16BE(0), answer, socket })
      }
    })
    opened.push(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.push(() => server.close())
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

const keys = { handshake: 17, versions: 18, authenticate: 36, ordinary: 3 }

/** The answer to ApiVersions: SaslAuthenticate in version 1. */
const versions = numbers([16, 0], [32, 1], [16, keys.authenticate], [16, 0], [16, 1], [32, 0])
const handshake = numbers([16, 0], [32, 0])
const noErrorAndBytes = [
  [16, 0],
  [16, -1],
  [32, 0],
] as [16 | 32, number][]

function numbers(...fields: [16 | 32, number][]): Buffer {
  return Buffer.concat(
    fields.map(([bits, value]) => {
      const bytes = Buffer.alloc(bits / 8)
      bytes.writeIntBE(value, 0, bits / 8)
      return bytes
    }),
  )
}

const plain = { mechanism: 'PLAIN', username: 'a', password: 'b' } as const

async function connect(broker: { host: string; port: number }, { sasl = false, requestMs = 5_000 } = {}) {
  const mechanism = sasl ? 'plain' : 'none'
  const adviser = createAdviser({ usesTls: false, hasCa: false, hasCertificate: false, mechanism })
  const security = { tls: null, sasl: sasl ? plain : undefined, adviser }
  const connection = await new BrokerConnection('test', broker, security, requestMs).open()
  opened.push(() => void connection.close())
  return connection
}

function ask(connection: BrokerConnection): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const parse = () => 'answered'
    connection.send(
      keys.ordinary,
      0,
      () => Writer.create().appendInt8(0),
      parse,
      false,
      false,
      (error, answer) => (error ? reject(error) : resolve(answer)),
    )
  })
}

test('a connection that authenticates again holds its other requests back until it is done', async () => {
  const sequence: string[] = []
  const broker = await startBroker(({ key, answer }) => {
    sequence.push(key === keys.ordinary ? 'r' : key === keys.handshake ? 'h' : key === keys.authenticate ? 'a' : 'v')
    if (key === keys.ordinary) answer(Buffer.alloc(1))
    if (key === keys.versions) answer(versions)
    // The broker takes its time, as with SCRAM and tokens.
    if (key === keys.handshake) setTimeout(() => answer(handshake), 20)
    if (key === keys.authenticate) setTimeout(() => answer(numbers(...noErrorAndBytes, [32, 0], [32, 100])), 20)
  })
  const connection = await connect(broker, { sasl: true })
  let answers = 0
  // Sessions last 100 ms. A busy machine takes longer for as many of them.
  const isEnough = () => answers > 20 && sequence.join('').split('ha').length - 1 > 2
  const askOn = async () => {
    for (; !isEnough(); answers++) {
      expect(await ask(connection)).toBe('answered')
      await clock.sleep(1)
    }
  }
  await Promise.all([askOn(), askOn()])
  expect(sequence.join('')).not.toContain('hr')
})

test('requests in flight when a connection authenticates again are answered, and the broker sees none in between', async () => {
  const sequence: string[] = []
  let before = Promise.resolve()
  /** A broker handles the requests of a connection in turn: the handshake waits behind a long poll. */
  const inTurn = (forMs: number, handle: () => void) => {
    before = before.then(() => clock.sleep(forMs)).then(handle)
  }
  const broker = await startBroker(({ key, answer }) => {
    if (key === keys.ordinary) {
      sequence.push('r')
      inTurn(70, () => answer(Buffer.alloc(1)))
    }
    if (key === keys.versions) answer(versions)
    if (key === keys.handshake) {
      sequence.push('h')
      inTurn(0, () => answer(handshake))
    }
    if (key === keys.authenticate) {
      sequence.push('a')
      inTurn(20, () => answer(numbers(...noErrorAndBytes, [32, 0], [32, 100])))
    }
  })
  const connection = await connect(broker, { sasl: true })
  // A handshake comes while several requests wait for their answers.
  const isEnough = (text: string) => text.split('ha').length - 1 > 2 && /rrh/.test(text)
  const askOn = async () => {
    while (!isEnough(sequence.join(''))) expect(await ask(connection)).toBe('answered')
  }
  await Promise.all([askOn(), askOn(), askOn()])
  expect(sequence.join('')).not.toContain('hr')
})

test('a request that waits for a login which fails gets that failure', async () => {
  let logins = 0
  const broker = await startBroker(({ key, answer, socket }) => {
    if (key === keys.versions) answer(versions)
    if (key === keys.handshake) answer(handshake)
    if (key !== keys.authenticate) return
    if (++logins === 1) answer(numbers(...noErrorAndBytes, [32, 0], [32, 50]))
    else setTimeout(() => socket.destroy(), 50)
  })
  const connection = await connect(broker, { sasl: true })
  await expect.poll(() => logins, { interval: 5 }).toBe(2)
  const fault = await ask(connection).catch((error: unknown) => error)
  expect(fault).toBeInstanceOf(KafkaFault)
  expect(fault).toMatchObject({ kind: 'connection' })
})

test('a connection that a broker closes before its first answer says what the listener may want', async () => {
  const broker = await startBroker(({ socket }) => socket.destroy())
  const address = `${broker.host}:${broker.port}`
  await expect(ask(await connect(broker))).rejects.toMatchObject({
    kind: 'connection',
    message: expect.stringMatching(`\\(broker ${address}: does this listener want TLS .* or SASL .*\\?\\)`),
  })
})

test('a connection that a broker closes after an answer, or that hangs, gives no such advice', async () => {
  let requests = 0
  const broker = await startBroker(({ answer, socket }) => {
    requests++
    if (requests % 2 === 1) answer(Buffer.alloc(1))
    else if (requests === 2) socket.destroy()
  })
  const address = `${broker.host}:${broker.port}`
  const closed = await connect(broker)
  await ask(closed)
  await expect(ask(closed)).rejects.toMatchObject({ message: `broker ${address}: Connection closed` })
  const hanging = await connect(broker, { requestMs: 100 })
  await ask(hanging)
  await expect(ask(hanging)).rejects.toMatchObject({ message: `broker ${address}: no answer within 100 ms` })
})

test('a connection to a port where nobody listens names the broker', async () => {
  const broker = await startBroker(() => undefined)
  for (const close of opened.splice(0)) close()
  await expect(connect(broker)).rejects.toMatchObject({
    kind: 'connection',
    message: `broker ${broker.host}:${broker.port}: connect ECONNREFUSED ${broker.host}:${broker.port}`,
  })
})

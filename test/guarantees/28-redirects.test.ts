import { afterAll, expect, test } from 'vitest'
import { figure } from '../support/figure.ts'
import { createSender, listenRaw, onRequest, post } from '../support/outgoing.ts'

const statuses = [301, 302, 303, 307, 308]
let redirects = 0
let followed = 0

test.each(statuses)('a redirect with %i is an answer, and no request is sent to its target', async (status) => {
  await using target = await listenRaw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))
  const locations = [
    target.url,
    `//127.0.0.1:${target.port}/`,
    '/elsewhere',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]/',
    'file:///etc/passwd',
    'nonsense:',
    '',
  ]
  let requests = 0
  let location = ''
  await using receiver = await listenRaw((socket) =>
    onRequest(socket, () => {
      requests++
      socket.write(`HTTP/1.1 ${status} Moved\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`)
    }),
  )
  // Receiver and target are both allowed: only the rule against redirects keeps requests from the target.
  await using sender = createSender('127.0.0.0/8')
  for (location of locations) {
    expect(await post(sender, receiver.url)).toMatchObject({ kind: 'refused', status })
  }
  expect(requests).toBe(locations.length)
  expect(target.accepted).toHaveLength(0)
  redirects += requests
  followed += target.accepted.length
})

afterAll(() => figure(28, `${statuses.join(', ')}: ${redirects} redirects, followed ${followed}`))

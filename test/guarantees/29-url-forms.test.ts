import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { checkDraft } from '../../services/admin/webhooks/rules/draft-rules.ts'
import { createTarget } from '../../services/dispatcher/http/unsealed-target.ts'
import { KeyRing } from '../../services/platform/keyring.ts'
import type { UrlPolicy } from '../../services/targets/target-url.ts'
import { figure } from '../support/figure.ts'
import { ClientSockets, createSender, listenRaw, post } from '../support/outgoing.ts'
import { definition } from '../support/simulation.ts'

const ring = KeyRing.parse(`k1=${Buffer.alloc(32, 9).toString('base64')}`)
const strict: UrlPolicy = { allowInsecureUrls: false }
const insecure: UrlPolicy = { allowInsecureUrls: true }

/** The problem of a URL, as a client of the API sees it. */
function apiVerdict(url: string, policy: UrlPolicy): string | null {
  const rules = { ...policy, stored: null, written: new Set(['url']) }
  const checked = checkDraft({ name: 'Orders', url, channels: ['c1'] }, rules)
  if (checked.ok) return null
  expect(checked.problems.map(({ field }) => field)).toEqual(['url'])
  return checked.problems[0]?.message ?? ''
}

/** The problem of a URL in a definition that an operator has written to the topic. */
function dispatchVerdict(url: string, policy: UrlPolicy): string | null {
  const result = createTarget(definition('w', { url }), ring, policy)
  return result.kind === 'forbidden' ? result.reason.replace(/^url /, '') : null
}

const notPublic = 'leads to an address that is not public'
const refused: [form: string, problem: string][] = [
  // Other spellings of 127.0.0.1, of 169.254.169.254 and of 0.0.0.0.
  ...[
    ...[
      '127.0.0.1',
      '0177.0.0.1',
      '127.0.0.0x',
      '0177.0.0.01',
      '00000177.0.0.1',
      '0x7f.0.0.1',
      '0x7f.0x0.0x0.0x1',
      '0X7F000001',
    ],
    ...['127.1', '127.0.1', '0x7f.1', '0177.1', '2130706433', '017700000001', '127.0.0.1.', '0x7f000001.'],
    ...[
      '%31%32%37.0.0.1',
      '127%2e0%2e0%2e1',
      '127.0.0.%31',
      '１２７.０.０.１',
      '①②⑦.⓪.⓪.①',
      '127。0。0。1',
      '127．0．0．1',
    ],
    ...['１２７.1', '0ｘ7f.1', '2130706433.', '169.254.169.254', '0xa9fea9fe', '2852039166', '0251.0376.0251.0376'],
    ...['0', '0.0.0.0', '0x0', '00', '0.', '10.1', '192.168.257', '172.1048577', '168.63.129.16', '255.255.255.255'],
    ...['[::1]', '[0:0:0:0:0:0:0:1]', '[0000::0001]', '[::]', '[::ffff:127.0.0.1]', '[::FFFF:7F00:1]', '[::127.0.0.1]'],
    ...['[64:ff9b::127.0.0.1]', '[64:ff9b::8.8.8.8]', '[2002:7f00:1::]', '[2001:0::1]', '[fe80::1]', '[fd00:ec2::254]'],
    ...['localhost', 'LOCALHOST', 'localhost.', 'foo.localhost', 'a.b.localhost.', 'ｌocalhost', 'local%68ost'],
    ...['loc\tal\nhost', 'localho\u00adst'],
  ].map((host): [string, string] => [`https://${host}/hook`, notPublic]),
  ...[
    ...['https:127.0.0.1', 'https:/127.0.0.1/', 'https:\\\\127.0.0.1\\', '  https://127.0.0.1/ ', 'HTTPS://127.0.0.1'],
    ...[
      'https://127.0.0.1?@receiver.example/',
      'https://127.0.0.1#@receiver.example/',
      'https://127.0.0.1\\@e.example/',
    ],
  ].map((url): [string, string] => [url, notPublic]),
  ...['https://user@receiver.example/', 'https://user:pass@receiver.example/', 'https://:pass@receiver.example/'].map(
    (url): [string, string] => [url, 'must not hold a user or a password'],
  ),
  ...['https://receiver.example@127.0.0.1/', 'https://receiver.example%2f@127.0.0.1/'].map((url): [string, string] => [
    url,
    'must not hold a user or a password',
  ]),
  ...[':80', ':8443', ':22', ':0', ':65535', ':00444'].map((port): [string, string] => [
    `https://receiver.example${port}/`,
    'must use the standard port',
  ]),
  ...[
    ...[
      'http://receiver.example/',
      'unix:/var/run/docker.sock',
      'http://unix:/var/run/docker.sock:/',
      'ftp://e.example/',
    ],
    ...['file:///etc/passwd', 'data:text/plain,x', 'javascript:alert(1)', 'ws://e.example/', 'gopher://e.example:70/'],
    ...['localhost:443', 'blob:https://e.example/1'],
  ].map((url): [string, string] => [url, 'must begin with https://']),
  ...[
    ...['receiver.example', '//receiver.example/', '/hook', 'https://', 'https:///', 'https://receiver.example:port/'],
    ...['https://receiver.example:65536/', 'https://[::1', 'https://[::1%25eth0]/', 'https://[fe80::1%eth0]/'],
    ...['https://256.0.0.1/', 'https://1.2.3.4.5/', 'https://0x100000000/', 'https://09.0.0.1/'],
    ...['https://re ceiver.example/', 'https://receiver%00.example/', 'https://a<b.example/'],
    ...['https://%zz/', 'https://a..%2fb/'],
  ].map((url): [string, string] => [url, 'is not a URL']),
]

const accepted = [
  ...[
    'https://receiver.example/hook?a=b',
    'HTTPS://Receiver.Example',
    'https://receiver.example.:443/',
    'https://1.1.1.1/',
  ],
  ...[
    'https://[2606:4700:4700::1111]/',
    'https://0x01010101/',
    'https://１.１.１.１/',
    'https://bücher.example/ü?q=ü#ü',
  ],
  ...[
    'https://localhost.example/',
    'https://127.0.0.1.example/',
    'https://my-localhost/',
    'https://e.example/@user:pass',
  ],
]

let same = 0

describe('verdicts on URLs', () => {
  test.each(refused)('API and dispatcher refuse the URL %j alike: %s', (url, problem) => {
    expect([apiVerdict(url, strict), dispatchVerdict(url, strict)]).toEqual([problem, problem])
    same++
  })

  test.each(accepted)('API and dispatcher accept the URL %j alike', (url) => {
    expect([apiVerdict(url, strict), dispatchVerdict(url, strict)]).toEqual([null, null])
    same++
  })

  test('API and dispatcher judge any URL alike', () => {
    const host = fc.oneof(
      fc.domain(),
      fc.ipV4Extended(),
      fc.ipV6().map((ip) => `[${ip}]`),
      fc.string(),
    )
    const scheme = fc.constantFrom('https://', 'http://', 'https:', 'ftp://', '')
    const url = fc
      .tuple(scheme, host, fc.constantFrom('', '/', ':443', ':8443', '/?', '@x'))
      .map((parts) => parts.join(''))
    const policy = fc.constantFrom(strict, insecure)
    fc.assert(
      fc.property(url, policy, (text, rules) => {
        expect(apiVerdict(text, rules) === null).toBe(dispatchVerdict(text, rules) === null)
      }),
      { numRuns: 2_000 },
    )
  })
})

test('a URL that slips past the rule is still refused at the connection', async () => {
  await using everywhere = await listenRaw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'), '::')
  using sockets = new ClientSockets()
  await using sender = createSender('', {
    // Resolves names of localhost to 127.0.0.1, as a resolver without RFC 6761 could.
    resolve: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  })
  const forms = refused.filter(([, problem]) => problem === notPublic)
  for (const [url] of forms) {
    const { hostname } = new URL(url)
    const outcome = await post(sender, `http://${hostname}:${everywhere.port}/`)
    expect(outcome, url).toMatchObject({ kind: 'rejected', reason: 'address' })
  }
  expect(sockets.attempted).toEqual([])
  expect(everywhere.accepted).toHaveLength(0)
})

afterAll(() => figure(29, `${same} of ${refused.length + accepted.length} forms judged alike, connections 0`))

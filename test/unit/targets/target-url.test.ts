import { expect, test } from 'vitest'
import { urlProblem } from '../../../services/targets/target-url.ts'

const none = null
const scheme = 'url-scheme'
const port = 'url-port'
const user = 'url-credentials'
const notUrl = 'url-syntax'
const inside = 'url-address'

test.each([
  // URL, by default, with insecure URLs allowed
  ['https://example.com/hook?a=b', none, none],
  ['https://example.com:443/', none, none],
  ['https://EXAMPLE.com', none, none],
  ['https://bücher.example/', none, none],
  ['https://example.com:8443/', port, none],
  ['https://example.com:80/', port, none],
  ['http://example.com/', scheme, none],
  ['http://127.0.0.1:3000/', scheme, inside],
  ['https://127.0.0.1/', inside, inside],
  ['https://0x7f.1/', inside, inside],
  ['https://017700000001/', inside, inside],
  ['https://2130706433/', inside, inside],
  ['https://１２７.0.0.1/', inside, inside],
  ['https://[::1]/', inside, inside],
  ['https://[::ffff:10.0.0.1]/', inside, inside],
  ['https://localhost/', inside, inside],
  ['https://a.localhost./', inside, inside],
  ['https://8.8.8.8/', none, none],
  ['https://localhost.example.com/', none, none],
  ['https://user@example.com/', user, user],
  ['https://user:pass@example.com/', user, user],
  ['https://:pass@example.com/', user, user],
  ['ftp://example.com/', scheme, scheme],
  ['unix:/var/run/docker.sock', scheme, scheme],
  ['file:///etc/passwd', scheme, scheme],
  ['javascript:alert(1)', scheme, scheme],
  ['data:text/plain,x', scheme, scheme],
  ['example.com/hook', notUrl, notUrl],
  ['//example.com/hook', notUrl, notUrl],
  ['https://', notUrl, notUrl],
  ['https://example.com:99999/', notUrl, notUrl],
  ['https://exa mple.com/', notUrl, notUrl],
  ['', notUrl, notUrl],
])('the target URL "%s" is judged with and without insecure URLs allowed', (url, byDefault, whenAllowed) => {
  expect(urlProblem(url, { allowInsecureUrls: false })).toBe(byDefault)
  expect(urlProblem(url, { allowInsecureUrls: true })).toBe(whenAllowed)
})

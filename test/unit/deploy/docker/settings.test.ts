import type { NetworkInterfaceInfo } from 'node:os'
import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { demoVariables, envFile } from '../../../../deploy/docker/settings.ts'

describe('settings of docker-compose.yml', () => {
  test('a file of variables is read by Node as it was written, JSON included', () => {
    const variables = { HOOKLINE_AUTH_PUBLIC_KEY: '{"kty":"OKP","x":"a#b=c $d"}', HOOKLINE_ALLOWED_ADDRESSES: '' }
    expect(parseEnv(envFile(variables))).toEqual(variables)
  })

  test.each(["it's", 'two\nlines'])('a value that a file of variables cannot hold is refused: %j', (value) => {
    expect(() => envFile({ NAME: value })).toThrow('NAME')
  })

  test.each([
    ['172.18.0.5', '255.255.0.0', '172.18.0.0/16'],
    ['192.168.147.9', '255.255.240.0', '192.168.144.0/20'],
    ['10.1.2.3', '255.255.255.255', '10.1.2.3/32'],
  ])('the demo allows the network of its container: %s with %s', (address, netmask, network) => {
    const interfaces = {
      lo: [entry('127.0.0.1', '255.0.0.0', true)],
      eth0: [
        entry(address, netmask, false),
        { ...entry('fd00::5', 'ffff::', false), family: 'IPv6' as const, scopeid: 0 },
      ],
    }
    expect(demoVariables(interfaces)).toEqual({
      HOOKLINE_ALLOW_INSECURE_URLS: 'true',
      HOOKLINE_ALLOWED_ADDRESSES: network,
    })
  })
})

function entry(address: string, netmask: string, internal: boolean): NetworkInterfaceInfo {
  return { address, netmask, internal, family: 'IPv4', mac: '00:00:00:00:00:00', cidr: null }
}

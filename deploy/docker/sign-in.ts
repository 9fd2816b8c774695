import { openIssuer, signInLines } from './sign-in-lines.ts'

/** docker compose run --rm sign-in: prints a link to the console and a token for the API. */
const consoleUrl = process.env.CONSOLE_URL ?? 'http://127.0.0.1:8080'
const issuer = await openIssuer()
const token = await issuer.token({ role: 'super_admin', permissions: ['events:write'], businessId: '*' })
const lines = [
  ...(await signInLines(issuer, consoleUrl)),
  'A token for the API and the producer, valid for 12 hours:',
  `  ${token}`,
]
process.stdout.write(`${lines.join('\n')}\n`)

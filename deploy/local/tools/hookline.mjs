#!/usr/bin/env node
// The operators' command line (services/cli) under a name of its own: `npm link` puts it on the PATH.
// Files are looked for where the user is, as npm says it for its scripts.
process.env.INIT_CWD = process.cwd()
process.argv.splice(2, 0, 'services/cli/webhooks.ts')
await import('./bootstrap.mjs')

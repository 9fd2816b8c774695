#!/usr/bin/env node
// The operators' command line (services/cli) as `hookline`; `npm link` puts it on the PATH. File names are relative to
// the user's folder, which npm gives to its scripts.
process.env.INIT_CWD = process.cwd()
process.argv.splice(2, 0, 'services/cli/webhooks.ts')
await import('./bootstrap.mjs')

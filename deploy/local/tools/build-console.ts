import { buildConsole } from './console-build.ts'

/** npm run build:console */
await buildConsole()
process.stdout.write('The console is built into services/console/dist, which admin serves.\n')

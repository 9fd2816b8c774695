import { buildConsole } from './console-build.ts'
import { buildServices } from './service-build.ts'

/** npm run build */
await Promise.all([buildConsole(), buildServices()])
process.stdout.write(
  'The services are built into services/dist, the console into services/console/dist, which admin serves.\n',
)

import { programsFile } from './programs.ts'
import { valuesSchema } from './values-schema.ts'

/** Files of the chart that `npm run docs` makes: path from the repository's root -> text. */
export function chartFiles(): Map<string, string> {
  return new Map([
    ['deploy/helm/hookline/files/programs.yaml', programsFile()],
    ['deploy/helm/hookline/values.schema.json', valuesSchema()],
  ])
}

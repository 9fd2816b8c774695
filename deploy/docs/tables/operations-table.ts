import { adminRoutes } from '../admin-document.ts'
import { code, table } from '../markdown.ts'

/** Operations of admin's API that take a permission, as their routes declare them. */
export function operationsTable(): string {
  const rows = adminRoutes().map(({ operationId, method, url, permission, schema }) => [
    code(operationId),
    code(`${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`),
    code(permission),
    schema.summary,
  ])
  return table(['operation', 'request', 'permission', 'does'], rows)
}

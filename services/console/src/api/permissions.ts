import type { SessionView } from './types.ts'

export type ConsolePermission = 'webhooks:read' | 'webhooks:write' | 'account:write'

/**
 * What the page offers; the API decides anew on each request. Role super_admin holds every permission, and "webhooks" is both
 * webhooks:read and webhooks:write (contract.md, 1.3).
 */
export function holds(
  { role, permissions }: Pick<SessionView, 'role' | 'permissions'>,
  permission: ConsolePermission,
): boolean {
  const family = permission.slice(0, permission.indexOf(':'))
  return role === 'super_admin' || permissions.includes(permission) || permissions.includes(family)
}

import { type Identity, reaches } from '../../platform/http/auth.ts'

export type Permission = 'webhooks:read' | 'webhooks:write' | 'account:write' | 'operations:write'

export type Access = 'allowed' | 'lacks permission' | 'other business'

/**
 * Whether the identity may do it for that business. Role super_admin holds every permission; the permission "webhooks"
 * (contract.md, 1.3) is both webhooks:read and webhooks:write, and so on. Neither reaches beyond the token's business.
 * operations:write is about all businesses at once, and so needs a token for all of them.
 * @param businessId null where the route is about all businesses that the identity reaches.
 */
export function judgeAccess(identity: Identity, permission: Permission, businessId: string | null): Access {
  if (identity.businessId === '' || (businessId !== null && !reaches(identity, businessId))) return 'other business'
  if (permission === 'operations:write' && identity.businessId !== '*') return 'other business'
  const family = permission.slice(0, permission.indexOf(':'))
  const { role, permissions } = identity
  const holds = role === 'super_admin' || permissions.includes(permission) || permissions.includes(family)
  return holds ? 'allowed' : 'lacks permission'
}

import { holds, type Permission } from '../../domain/api/permissions.ts'
import { type Identity, reaches } from '../../platform/http/auth.ts'

export type Access = 'allowed' | 'lacks permission' | 'other business'

/**
 * Whether the identity may do it for that business. No permission reaches beyond the token's business.
 * operations:write is about all businesses at once, and so needs a token for all of them.
 * @param businessId null where the route is about all businesses that the identity reaches.
 */
export function judgeAccess(identity: Identity, permission: Permission, businessId: string | null): Access {
  if (identity.businessId === '' || (businessId !== null && !reaches(identity, businessId))) return 'other business'
  if (permission === 'operations:write' && identity.businessId !== '*') return 'other business'
  return holds(identity, permission) ? 'allowed' : 'lacks permission'
}

import { holds, type Permission } from '../../domain/api/permissions.ts'
import { type Identity, reaches } from '../../platform/http/auth.ts'

export type Access = 'allowed' | 'lacks permission' | 'other business'

/**
 * Whether the identity has the permission for that business. No permission reaches beyond the token's business.
 * operations:write concerns all businesses at once, so it needs a token for all of them.
 * @param businessId null for a route about all businesses of the identity.
 */
export function judgeAccess(identity: Identity, permission: Permission, businessId: string | null): Access {
  if (identity.businessId === '' || (businessId !== null && !reaches(identity, businessId))) return 'other business'
  if (permission === 'operations:write' && identity.businessId !== '*') return 'other business'
  return holds(identity, permission) ? 'allowed' : 'lacks permission'
}

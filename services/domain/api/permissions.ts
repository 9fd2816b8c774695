export const permissions = [
  'webhooks:read',
  'webhooks:write',
  /** Seeing what people write and who they are; without it, answers are masked (personal.ts). */
  'webhooks:bodies',
  'account:write',
  'operations:write',
] as const
export type Permission = (typeof permissions)[number]

/**
 * Whether a role and permissions include a permission. The role super_admin holds every permission, and "webhooks" is
 * webhooks:read, webhooks:write and webhooks:bodies (contract.md, 1.3; decision 35), and so on.
 */
export function holds(by: { role: string; permissions: readonly string[] }, permission: Permission): boolean {
  const family = permission.slice(0, permission.indexOf(':'))
  return by.role === 'super_admin' || by.permissions.includes(permission) || by.permissions.includes(family)
}

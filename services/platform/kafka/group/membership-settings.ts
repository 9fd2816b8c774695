/** Settings of an instance's membership in its group. */
export type MembershipSettings = {
  /** Time without a heartbeat after which the group reassigns the member's partitions. */
  sessionTimeoutMs: number
  /**
   * Name that outlives the process (KIP-345). An instance that joins under it again within the session gets its
   * partitions back, and does not leave the group when it ends. Empty for none.
   */
  instanceId?: string
}

export function membershipSettings(config: {
  HOOKLINE_SESSION_TIMEOUT_MS: number
  HOOKLINE_INSTANCE_ID: string
}): MembershipSettings {
  return { sessionTimeoutMs: config.HOOKLINE_SESSION_TIMEOUT_MS, instanceId: config.HOOKLINE_INSTANCE_ID }
}

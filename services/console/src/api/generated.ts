// Made of the OpenAPI document of admin by `npm run docs`; a test compares it with the document.
export type SessionView = { subject: string; role: string; permissions: string[]; businessId: string; csrfToken: string | null; expiresAt: string }
export type ProblemDetails = { type: string; title: string; status: number; detail: string; errors?: ({ field: string; message: string; code?: 'url-syntax' | 'url-scheme' | 'url-credentials' | 'url-host' | 'url-port' | 'url-address' | 'url-masked' | 'header-reserved' | 'header-twice' | 'header-not-stored' | 'header-characters' | 'header-moved' | 'secret-not-stored' | 'secret-moved' | 'tls-certificate' | 'tls-pair' | 'tls-key' | 'tls-key-again' | 'blank' | 'server-made' | 'malformed' | 'event-not-wanted' | 'one-selection' | 'not-activated' | 'switched-off' | 'paused' | 'not-blocked' | 'test-running' | 'replay-preparing' | 'too-many-found' | 'too-many-webhooks' | 'overtaken' | 'required' | 'type' | 'enum' | 'const' | 'format' | 'pattern' | 'minLength' | 'maxLength' | 'minimum' | 'maximum' | 'minItems' | 'maxItems' | 'uniqueItems' | 'minProperties' | 'maxProperties' | 'propertyNames' | 'additionalProperties' | 'anyOf'; limit?: number | string })[]; code?: 'url-syntax' | 'url-scheme' | 'url-credentials' | 'url-host' | 'url-port' | 'url-address' | 'url-masked' | 'header-reserved' | 'header-twice' | 'header-not-stored' | 'header-characters' | 'header-moved' | 'secret-not-stored' | 'secret-moved' | 'tls-certificate' | 'tls-pair' | 'tls-key' | 'tls-key-again' | 'blank' | 'server-made' | 'malformed' | 'event-not-wanted' | 'one-selection' | 'not-activated' | 'switched-off' | 'paused' | 'not-blocked' | 'test-running' | 'replay-preparing' | 'too-many-found' | 'too-many-webhooks' | 'overtaken' | 'required' | 'type' | 'enum' | 'const' | 'format' | 'pattern' | 'minLength' | 'maxLength' | 'minimum' | 'maximum' | 'minItems' | 'maxItems' | 'uniqueItems' | 'minProperties' | 'maxProperties' | 'propertyNames' | 'additionalProperties' | 'anyOf'; conflicts?: Conflict[]; login?: 'oidc' | 'none' }
export type Conflict = { channel: string; webhookId: string; name: string }
export type WebhookKeys = { keys: { kty: 'OKP'; crv: 'Ed25519'; alg: 'EdDSA'; use: 'sig'; kid: string; x: string; webhookId: string }[] }
export type BusinessEntry = { businessId: string; webhooksEnabled: boolean; webhooks: number }
export type Account = { webhooksEnabled: boolean; alerts?: { emails?: string[]; urls?: string[]; language?: 'en' | 'es' | 'pt' }; updatedAt?: string; updatedBy?: string }
export type AlertEntry = { alertId: string; webhookId: string; webhookName: string; kind: 'switched-off' | 'blocked' | 'failing' | 'giving-up' | 'behind' | 'recovered'; at: string; since: string | null; cause: string | null; status: number | null; waitedMs: number | null }
export type TestAlertResults = { results: ({ address: string; sent: boolean; reason: string | null })[] }
export type Overview = { businesses: number; webhooks: number; troubled: number; worst: TroubledWebhook[] }
export type TroubledWebhook = { businessId: string; webhookId: string; name: string; state: 'off' | 'not-activated' | 'conflict' | 'invalid' | 'paused' | 'blocked' | 'probing' | 'throttled' | 'failing' | 'degraded' | 'healthy' | 'idle'; troubles: ('switched-off' | 'blocked' | 'failing' | 'giving-up' | 'behind')[]; since: string | null; blockedUntil: string | null; parked: number; undelivered: number; lastHour: { success: number; slow: number; error: number; rejected: number } }
export type WebhookList = { webhooks: ListedWebhook[]; nextCursor?: string; faults?: { id: string; problems: string[] }[] }
export type ListedWebhook = { id: string; businessId: string; name: string; url: string; enabled: boolean; paused: boolean; channels: string[]; events: { userMessages: boolean; botMessages: boolean; operatorMessages: boolean; deliveredStatus: boolean; readStatus: boolean; variableChanges: boolean }; headers: Record<string, string>; timeoutMs: number; slowThresholdMs: number; retryProfile: 'none' | 'chat' | 'extended'; whenBlocked: 'reject' | 'park'; maxInFlight: number; rateLimitPerSecond?: number; bufferSeconds: number; collapseStatuses: boolean; signatures: ('v1' | 'v1a')[]; tls?: { ca?: string; certificate?: string; key?: string }; oauth2?: { tokenUrl: string; clientId: string; clientSecret: string; scope?: string }; previousSecretUntil?: string; disabledReason?: string; version: number; createdAt: string; updatedAt: string; conflicts: Conflict[]; fault?: { problems: string[] }; status: Status; lastHour: LastHour; p95Ms: number | null; lastAttemptAt: string | null }
export type Status = { state: 'off' | 'not-activated' | 'conflict' | 'invalid' | 'paused' | 'blocked' | 'probing' | 'throttled' | 'failing' | 'degraded' | 'healthy' | 'idle'; pausedAt: string | null; keptUntil: string | null; blockedUntil: string | null; failures: number; failingSince: string | null; pausedUntil: string | null; parked: number | null; waiting: number | null; oldestWaitingAt: string | null; deadLetters: number; undelivered: number; disabledReason: string | null; conflicts: Conflict[]; problems: string[] }
export type LastHour = { success: number; slow: number; error: number; rejected: number; sparkline: number[]; byOutcome: { success: number[]; slow: number[]; error: number[]; rejected: number[] } }
export type WebhookWithSecret = { id: string; businessId: string; name: string; url: string; enabled: boolean; paused: boolean; channels: string[]; events: { userMessages: boolean; botMessages: boolean; operatorMessages: boolean; deliveredStatus: boolean; readStatus: boolean; variableChanges: boolean }; headers: Record<string, string>; timeoutMs: number; slowThresholdMs: number; retryProfile: 'none' | 'chat' | 'extended'; whenBlocked: 'reject' | 'park'; maxInFlight: number; rateLimitPerSecond?: number; bufferSeconds: number; collapseStatuses: boolean; signatures: ('v1' | 'v1a')[]; tls?: { ca?: string; certificate?: string; key?: string }; oauth2?: { tokenUrl: string; clientId: string; clientSecret: string; scope?: string }; previousSecretUntil?: string; disabledReason?: string; version: number; createdAt: string; updatedAt: string; conflicts: Conflict[]; fault?: { problems: string[] }; status: Status; secret: string }
export type Draft = { name: string; url: string; enabled?: boolean; paused?: boolean; channels: string[]; events?: { userMessages?: boolean; botMessages?: boolean; operatorMessages?: boolean; deliveredStatus?: boolean; readStatus?: boolean; variableChanges?: boolean }; headers?: Record<string, string>; timeoutMs?: number; slowThresholdMs?: number; retryProfile?: 'none' | 'chat' | 'extended'; whenBlocked?: 'reject' | 'park'; maxInFlight?: number; rateLimitPerSecond?: number; bufferSeconds?: number; collapseStatuses?: boolean; signatures?: ('v1' | 'v1a')[]; tls?: { ca?: string; certificate?: string; key?: string }; oauth2?: { tokenUrl: string; clientId: string; clientSecret: string; scope?: string } }
export type Webhook = { id: string; businessId: string; name: string; url: string; enabled: boolean; paused: boolean; channels: string[]; events: { userMessages: boolean; botMessages: boolean; operatorMessages: boolean; deliveredStatus: boolean; readStatus: boolean; variableChanges: boolean }; headers: Record<string, string>; timeoutMs: number; slowThresholdMs: number; retryProfile: 'none' | 'chat' | 'extended'; whenBlocked: 'reject' | 'park'; maxInFlight: number; rateLimitPerSecond?: number; bufferSeconds: number; collapseStatuses: boolean; signatures: ('v1' | 'v1a')[]; tls?: { ca?: string; certificate?: string; key?: string }; oauth2?: { tokenUrl: string; clientId: string; clientSecret: string; scope?: string }; previousSecretUntil?: string; disabledReason?: string; version: number; createdAt: string; updatedAt: string; conflicts: Conflict[]; fault?: { problems: string[] }; status: Status }
export type DraftPatch = { name?: string; url?: string; enabled?: boolean | null; paused?: boolean | null; channels?: string[]; events?: { userMessages?: boolean; botMessages?: boolean; operatorMessages?: boolean; deliveredStatus?: boolean; readStatus?: boolean; variableChanges?: boolean } | null; headers?: Record<string, string> | null; timeoutMs?: number | null; slowThresholdMs?: number | null; retryProfile?: 'none' | 'chat' | 'extended' | null; whenBlocked?: 'reject' | 'park' | null; maxInFlight?: number | null; rateLimitPerSecond?: number | null; bufferSeconds?: number | null; collapseStatuses?: boolean | null; signatures?: ('v1' | 'v1a')[] | null; tls?: { ca?: string; certificate?: string; key?: string } | null; oauth2?: { tokenUrl: string; clientId: string; clientSecret: string; scope?: string } | null }
export type TestResult = { outcome: 'success' | 'slow' | 'error' | 'rejected'; cause: string | null; request: { method: string; url: string; headers: Record<string, string>; body: string }; response: { status: number; latencyMs: number; headers: string | null; excerpt: string | null } | null; detail: string | null }
export type TestedDraft = { name: string; url: string; enabled?: boolean; paused?: boolean; channels: string[]; events?: { userMessages?: boolean; botMessages?: boolean; operatorMessages?: boolean; deliveredStatus?: boolean; readStatus?: boolean; variableChanges?: boolean }; headers?: Record<string, string>; timeoutMs?: number; slowThresholdMs?: number; retryProfile?: 'none' | 'chat' | 'extended'; whenBlocked?: 'reject' | 'park'; maxInFlight?: number; rateLimitPerSecond?: number; bufferSeconds?: number; collapseStatuses?: boolean; signatures?: ('v1' | 'v1a')[]; tls?: { ca?: string; certificate?: string; key?: string }; oauth2?: { tokenUrl: string; clientId: string; clientSecret: string; scope?: string }; id?: string }
export type Sample = { notification: Record<string, unknown> }
export type ReplayCounted = { count: number; contacts: number; seconds: number }
export type ReplayStarted = { replayId: string; count: number }
export type ReplayBody = { deliveryId?: string; since?: string; until?: string; outcomes?: ('success' | 'slow' | 'error' | 'rejected')[]; deadLetters?: true; deliveryIds?: string[]; contactId?: string; skipped?: true; ratePerSecond?: number; dryRun?: boolean }
export type ReplayEntry = { replayId: string; startedAt: string; count: number; waiting: number; retrying: number; stopped: boolean; outcomes: { success: number; slow: number; error: number; rejected: number }; subject: string; selected: { kind: 'one' | 'window' | 'deadLetters' | 'chosen' | 'skipped' | null; since: string | null; until: string | null; outcomes: ('success' | 'slow' | 'error' | 'rejected')[] | null; ofContact: boolean; ratePerSecond: number | null } }
export type ReplayProgress = { replayId: string; startedAt: string; count: number; waiting: number; retrying: number; stopped: boolean; outcomes: { success: number; slow: number; error: number; rejected: number } }
export type ProbeStarted = { deliveryId: string | null }
export type Stats = { webhookId: string; updatedAt: string | null; minutes: PeriodCounts[]; hours: PeriodCounts[]; last30Minutes: { answered: number; fastestMs: number | null; averageMs: number | null; slowestMs: number | null; p50Ms: number | null; p95Ms: number | null; p99Ms: number | null }; status: Status }
export type PeriodCounts = { start: string; success: number; slow: number; error: number; rejected: number; errors: Record<string, number>; p50Ms: number | null; p95Ms: number | null }
export type ErrorEntry = { at: string; deliveryId: string; attempt: number; cause: string; status: number | null; latencyMs: number | null; excerpt: string | null; kind: 'message' | 'status'; contactId: string }
export type ErrorGroupList = { groups: ErrorGroup[]; searchedBackTo: string }
export type ErrorGroup = { outcome: 'success' | 'slow' | 'error' | 'rejected'; cause: string; status: number | null; line: string | null; excerpt: string | null; count: number; contacts: number; firstAt: string; lastAt: string; deliveryIds: string[] }
export type AttemptEntry = { id: string; at: string; deliveryId: string; eventId: string; kind: 'message' | 'status'; contactId: string; chatChannelId: string; attempt: number; outcome: 'success' | 'slow' | 'error' | 'rejected'; cause: string | null; status: number | null; latencyMs: number | null; next: 'none' | 'retry' | 'deadLetter'; nextAttemptAt: string | null; replayId: string | null; test: boolean }
export type AttemptDetail = { id: string; at: string; deliveryId: string; eventId: string; kind: 'message' | 'status'; contactId: string; chatChannelId: string; attempt: number; outcome: 'success' | 'slow' | 'error' | 'rejected'; cause: string | null; status: number | null; latencyMs: number | null; next: 'none' | 'retry' | 'deadLetter'; nextAttemptAt: string | null; replayId: string | null; test: boolean; responseHeaders: string | null; excerpt: string | null; definitionVersion: number; request: SentRequest }
export type SentRequest = { method: string; url: string | null; headers: Record<string, string>; body: string | null }
export type DeliveryPage = { deliveries: NewDelivery[]; nextCursor: string }
export type NewDelivery = { deliveryId: string; kind: 'message' | 'status'; at: string; traceparent: string | null; body: string }
export type ListedDeadLetter = { at: string; reason: 'exhausted' | 'refused' | 'gone' | 'disabled' | 'deleted' | 'breaker' | 'address' | 'expired' | 'unreadable' | 'fault' | 'oversize'; detail: string | null; deliveryId: string | null; contactId: string | null; kind: 'message' | 'status' | null; attempts: number; deliveredAt: string | null }
export type NotificationPage = { notifications: FoundNotification[]; searchedBackTo: string; isComplete: boolean; nextCursor?: string }
export type FoundNotification = { id: string; at: string; eventId: string; kind: 'message' | 'status'; status: 'delivered' | 'read' | null; chatPlatform: string; chatChannelId: string; contactId: string; contactName: string | null; messageIds: string[]; from: 'user' | 'bot' | 'operator' | null; text: string | null; webhookId: string | null; webhookName: string | null; deliveryId: string | null; fate: 'formatting' | 'waiting' | 'parked' | 'retrying' | 'delivered' | 'givenUp' | 'notSent' | 'unknown'; reason: 'unknown-channel' | 'not-activated' | 'off' | 'unwanted' | 'superseded' | 'breaker' | 'overflow' | 'fault' | 'paused' | 'exhausted' | 'refused' | 'gone' | 'disabled' | 'deleted' | 'address' | 'expired' | 'unreadable' | 'oversize' | null; fateAt: string | null; attempts: number; outcome: 'success' | 'slow' | 'error' | 'rejected' | null; responseStatus: number | null; cause: string | null; nextAttemptAt: string | null }
export type NotificationStory = { id: string; at: string; eventId: string; kind: 'message' | 'status'; status: 'delivered' | 'read' | null; chatPlatform: string; chatChannelId: string; contactId: string; contactName: string | null; messageIds: string[]; from: 'user' | 'bot' | 'operator' | null; text: string | null; webhookId: string | null; webhookName: string | null; deliveryId: string | null; fate: 'formatting' | 'waiting' | 'parked' | 'retrying' | 'delivered' | 'givenUp' | 'notSent' | 'unknown'; reason: 'unknown-channel' | 'not-activated' | 'off' | 'unwanted' | 'superseded' | 'breaker' | 'overflow' | 'fault' | 'paused' | 'exhausted' | 'refused' | 'gone' | 'disabled' | 'deleted' | 'address' | 'expired' | 'unreadable' | 'oversize' | null; fateAt: string | null; attempts: number; outcome: 'success' | 'slow' | 'error' | 'rejected' | null; responseStatus: number | null; cause: string | null; nextAttemptAt: string | null; event: object; body: string | null; formattedAt: string | null; definitionVersion: number | null; tries: AttemptDetail[]; deadLetters: DeadLetterEntry[]; replays: { replayId: string; at: string }[]; isComplete: boolean }
export type DeadLetterEntry = { at: string; reason: 'exhausted' | 'refused' | 'gone' | 'disabled' | 'deleted' | 'breaker' | 'address' | 'expired' | 'unreadable' | 'fault' | 'oversize'; detail: string | null; deliveryId: string | null; contactId: string | null; kind: 'message' | 'status' | null; attempts: number }
export type SeenChannels = { channels: { chatChannelId: string; chatPlatform: string; lastSeenAt: string }[]; searchedBackTo: string | null }
export type AuditView = { id: string; at: string; subject: string; action: string; webhookId: string | null; webhookName: string | null; version: number | null; changes: { field: string; from: unknown; to: unknown }[] }
export type UnreadReplayed = { count: number }
export type Operations = {
  getSession: { answer: SessionView }
  beginSession: { body: { token: string }; answer: SessionView }
  endSession: { answer: undefined }
  getWebhookKeys: { path: { businessId: string }; answer: WebhookKeys }
  listBusinesses: { query?: { limit?: number | undefined; cursor?: string | undefined } | undefined; answer: { businesses: BusinessEntry[]; nextCursor?: string } }
  getAccount: { path: { businessId: string }; answer: Account }
  putAccount: { path: { businessId: string }; body: { webhooksEnabled: boolean; alerts?: { emails?: string[]; urls?: string[]; language?: 'en' | 'es' | 'pt' } }; answer: Account }
  listAlerts: { path: { businessId: string }; query?: { webhookId?: string | undefined } | undefined; answer: { alerts: AlertEntry[] } }
  sendTestAlert: { path: { businessId: string }; answer: TestAlertResults }
  getOverview: { answer: Overview }
  listWebhooks: { path: { businessId: string }; query?: { limit?: number | undefined; cursor?: string | undefined } | undefined; answer: WebhookList }
  createWebhook: { path: { businessId: string }; query?: { moveChannels?: string[] | undefined } | undefined; body: Draft; answer: WebhookWithSecret }
  getWebhook: { path: { businessId: string; id: string }; answer: Webhook }
  patchWebhook: { path: { businessId: string; id: string }; query?: { moveChannels?: string[] | undefined } | undefined; body: DraftPatch; answer: Webhook }
  deleteWebhook: { path: { businessId: string; id: string }; answer: undefined }
  pauseWebhook: { path: { businessId: string; id: string }; answer: Webhook }
  resumeWebhook: { path: { businessId: string; id: string }; answer: Webhook }
  rotateSecret: { path: { businessId: string; id: string }; answer: WebhookWithSecret }
  testWebhook: { path: { businessId: string; id: string }; body: { event?: 'userMessages' | 'attachment' | 'button' | 'botMessages' | 'operatorMessages' | 'deliveredStatus' | 'readStatus' | 'variableChanges'; chatChannelId?: string; chatPlatform?: string; notification?: { type: 'message' | 'status' } }; answer: TestResult }
  testDraft: { path: { businessId: string }; body: { event?: 'userMessages' | 'attachment' | 'button' | 'botMessages' | 'operatorMessages' | 'deliveredStatus' | 'readStatus' | 'variableChanges'; chatChannelId?: string; chatPlatform?: string; notification?: { type: 'message' | 'status' }; definition: TestedDraft }; answer: TestResult }
  getSample: { path: { businessId: string }; query: { event: 'userMessages' | 'attachment' | 'button' | 'botMessages' | 'operatorMessages' | 'deliveredStatus' | 'readStatus' | 'variableChanges'; chatChannelId?: string | undefined; chatPlatform?: string | undefined }; answer: Sample }
  replay: { path: { businessId: string; id: string }; body: ReplayBody; answer: ReplayCounted | ReplayStarted }
  listReplays: { path: { businessId: string; id: string }; answer: { replays: ReplayEntry[] } }
  getReplay: { path: { businessId: string; id: string; replayId: string }; answer: ReplayProgress }
  stopReplay: { path: { businessId: string; id: string; replayId: string }; answer: undefined }
  probeWebhook: { path: { businessId: string; id: string }; answer: ProbeStarted }
  getStats: { path: { businessId: string; id: string }; answer: Stats }
  listErrors: { path: { businessId: string; id: string }; answer: { errors: ErrorEntry[] } }
  listErrorGroups: { path: { businessId: string; id: string }; query?: { since?: string | undefined; until?: string | undefined } | undefined; answer: ErrorGroupList }
  listAttempts: { path: { businessId: string; id: string }; query?: { outcome?: 'success' | 'slow' | 'error' | 'rejected' | undefined; cause?: string | undefined; status?: number | undefined; contactId?: string | undefined; deliveryId?: string | undefined; test?: boolean | undefined; since?: string | undefined; until?: string | undefined; limit?: number | undefined; cursor?: string | undefined } | undefined; answer: { attempts: AttemptEntry[]; nextCursor?: string } }
  getAttempt: { path: { businessId: string; id: string; attemptId: string }; answer: AttemptDetail }
  listNewDeliveries: { path: { businessId: string; id: string }; query?: { limit?: number | undefined; cursor?: string | undefined } | undefined; answer: DeliveryPage }
  listDeadLetters: { path: { businessId: string; id: string }; query?: { limit?: number | undefined; cursor?: string | undefined } | undefined; answer: { deadLetters: ListedDeadLetter[]; nextCursor?: string } }
  exportAttempts: { path: { businessId: string; id: string }; query?: { format?: 'ndjson' | 'csv' | undefined; outcome?: 'success' | 'slow' | 'error' | 'rejected' | undefined; cause?: string | undefined; status?: number | undefined; contactId?: string | undefined; deliveryId?: string | undefined; test?: boolean | undefined; since?: string | undefined; until?: string | undefined } | undefined; answer: AttemptEntry }
  exportDeadLetters: { path: { businessId: string; id: string }; query?: { format?: 'ndjson' | 'csv' | undefined } | undefined; answer: ListedDeadLetter }
  findNotifications: { path: { businessId: string }; query: { q: string; since?: string | undefined; until?: string | undefined; limit?: number | undefined; cursor?: string | undefined }; answer: NotificationPage }
  getNotification: { path: { businessId: string; notificationId: string }; answer: NotificationStory }
  listSeenChannels: { path: { businessId: string }; answer: SeenChannels }
  listAudit: { path: { businessId: string }; query?: { webhookId?: string | undefined; subject?: string | undefined; since?: string | undefined; until?: string | undefined; limit?: number | undefined; cursor?: string | undefined } | undefined; answer: { entries: AuditView[]; nextCursor?: string } }
  followChanges: { path: { businessId: string }; answer: string }
  replayUnread: { body: { topic: 'message-events' | 'status-events' | 'webhook-deliveries' | 'webhook-retries-1m' | 'webhook-retries-5m' | 'webhook-retries-30m' | 'webhook-retries-2h' | 'webhook-retries-5h' | 'webhook-retries-10h' | 'webhook-parked' | 'webhook-replays' | 'webhook-attempts'; since: string; until?: string; dryRun?: boolean }; answer: UnreadReplayed }
}
export const requests = {
  getSession: ['GET', '/api/v1/session'],
  beginSession: ['POST', '/api/v1/session'],
  endSession: ['DELETE', '/api/v1/session'],
  getWebhookKeys: ['GET', '/.well-known/webhook-keys/{businessId}'],
  listBusinesses: ['GET', '/api/v1/businesses'],
  getAccount: ['GET', '/api/v1/businesses/{businessId}/account'],
  putAccount: ['PUT', '/api/v1/businesses/{businessId}/account'],
  listAlerts: ['GET', '/api/v1/businesses/{businessId}/alerts'],
  sendTestAlert: ['POST', '/api/v1/businesses/{businessId}/alerts/test'],
  getOverview: ['GET', '/api/v1/overview'],
  listWebhooks: ['GET', '/api/v1/businesses/{businessId}/webhooks'],
  createWebhook: ['POST', '/api/v1/businesses/{businessId}/webhooks'],
  getWebhook: ['GET', '/api/v1/businesses/{businessId}/webhooks/{id}'],
  patchWebhook: ['PATCH', '/api/v1/businesses/{businessId}/webhooks/{id}'],
  deleteWebhook: ['DELETE', '/api/v1/businesses/{businessId}/webhooks/{id}'],
  pauseWebhook: ['POST', '/api/v1/businesses/{businessId}/webhooks/{id}/pause'],
  resumeWebhook: ['POST', '/api/v1/businesses/{businessId}/webhooks/{id}/resume'],
  rotateSecret: ['POST', '/api/v1/businesses/{businessId}/webhooks/{id}/secret/rotate'],
  testWebhook: ['POST', '/api/v1/businesses/{businessId}/webhooks/{id}/test'],
  testDraft: ['POST', '/api/v1/businesses/{businessId}/webhooks/test'],
  getSample: ['GET', '/api/v1/businesses/{businessId}/samples'],
  replay: ['POST', '/api/v1/businesses/{businessId}/webhooks/{id}/replay'],
  listReplays: ['GET', '/api/v1/businesses/{businessId}/webhooks/{id}/replay'],
  getReplay: ['GET', '/api/v1/businesses/{businessId}/webhooks/{id}/replay/{replayId}'],
  stopReplay: ['DELETE', '/api/v1/businesses/{businessId}/webhooks/{id}/replay/{replayId}'],
  probeWebhook: ['POST', '/api/v1/businesses/{businessId}/webhooks/{id}/probe'],
  getStats: ['GET', '/api/v1/businesses/{businessId}/webhooks/{id}/stats'],
  listErrors: ['GET', '/api/v1/businesses/{businessId}/webhooks/{id}/errors'],
  listErrorGroups: ['GET', '/api/v1/businesses/{businessId}/webhooks/{id}/error-groups'],
  listAttempts: ['GET', '/api/v1/businesses/{businessId}/webhooks/{id}/attempts'],
  getAttempt: ['GET', '/api/v1/businesses/{businessId}/webhooks/{id}/attempts/{attemptId}'],
  listNewDeliveries: ['GET', '/api/v1/businesses/{businessId}/webhooks/{id}/deliveries'],
  listDeadLetters: ['GET', '/api/v1/businesses/{businessId}/webhooks/{id}/dead-letters'],
  exportAttempts: ['GET', '/api/v1/businesses/{businessId}/webhooks/{id}/export/attempts'],
  exportDeadLetters: ['GET', '/api/v1/businesses/{businessId}/webhooks/{id}/export/dead-letters'],
  findNotifications: ['GET', '/api/v1/businesses/{businessId}/notifications'],
  getNotification: ['GET', '/api/v1/businesses/{businessId}/notifications/{notificationId}'],
  listSeenChannels: ['GET', '/api/v1/businesses/{businessId}/channels'],
  listAudit: ['GET', '/api/v1/businesses/{businessId}/audit'],
  followChanges: ['GET', '/api/v1/businesses/{businessId}/changes'],
  replayUnread: ['POST', '/api/v1/unread/replay'],
} as const

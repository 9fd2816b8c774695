import type { AlertNotice } from '../../../../services/admin/alerts/alert-texts.ts'
import { nowMs } from '../support.ts'

export function notice(fields: Partial<AlertNotice> = {}): AlertNotice {
  return {
    alertId: 'alert_1',
    kind: 'failing',
    at: nowMs,
    since: null,
    cause: '5xx',
    status: 503,
    waitedMs: null,
    businessId: 'b1',
    webhookId: 'wh_a',
    webhookName: 'Orders',
    consoleUrl: null,
    ...fields,
  }
}

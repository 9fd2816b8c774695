import { parse } from 'yaml'
import { filesBelow, readDocument } from './documents.ts'

/** The alert rules and dashboards of deploy/monitoring/, as tests need them. */

type AlertRule = { alert: string; expr: string; annotations: { runbook: string } }
type RecordingRule = { record: string; expr: string }

export const alertsFile = 'deploy/monitoring/alerts.yaml'

function rules(): (AlertRule | RecordingRule)[] {
  const { groups } = parse(readDocument(alertsFile)) as { groups: { rules: (AlertRule | RecordingRule)[] }[] }
  return groups.flatMap((group) => group.rules)
}

export function alertRules(): AlertRule[] {
  return rules().filter((rule) => 'alert' in rule)
}

export function recordingRules(): RecordingRule[] {
  return rules().filter((rule) => 'record' in rule)
}

/** A query of a dashboard's panel. */
export type PanelQuery = { dashboard: string; panel: string; expr: string }

export const dashboardFiles = filesBelow('deploy/monitoring/dashboards', '.json')

export function panelQueries(): PanelQuery[] {
  return dashboardFiles.flatMap((dashboard) => {
    const { panels } = JSON.parse(readDocument(dashboard)) as {
      panels: { title: string; targets: { expr: string }[] }[]
    }
    return panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ dashboard, panel: title, expr })))
  })
}

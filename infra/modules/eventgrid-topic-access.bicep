// What we need of a system topic, new or existing: its identity, its delivery logs and metrics.
param name string
param workspaceId string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: name
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: topic
  name: 'recorder'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }] // the alert on dead letters reads them from the workspace
  }
}

output id string = topic.id
output principalId string = topic.identity.principalId

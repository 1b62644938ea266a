// Blob Storage's own events of the recordings account, for other apps: what needs no topic of ours and no code.
param name string
param location string
param tags { *: string }
param recordingsStorageId string
param workspaceId string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  location: location // that of the account
  tags: tags
  identity: { type: 'SystemAssigned' } // what may write to a subscriber's queue, and dead letters
  properties: { source: recordingsStorageId, topicType: 'Microsoft.Storage.StorageAccounts' }
}

// No metrics: the alert on dead letters of ACS reads those of every topic that sends them to the workspace.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: topic
  name: 'recorder'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
  }
}

output id string = topic.id
output principalId string = topic.identity.principalId

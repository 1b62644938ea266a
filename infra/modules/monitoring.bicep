// Where logs and metrics go, and the workbook that shows them.
param workspaceName string
param insightsName string
param location string
param tags { *: string }
param retentionDays int

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    // No daily cap: a cap would silence the alerts on exactly the day on which everything fails.
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true // telemetry is sent with the app's identity; the connection string alone opens nothing
  }
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(workspace.id, 'call-recordings')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Call recordings'
    category: 'workbook'
    sourceId: workspace.id
    serializedData: replace(loadTextContent('../workbook.json'), '{workspaceId}', workspace.id)
  }
}

output workspaceId string = workspace.id

// Who may do what, at the narrowest scope that each role allows. Roles on ACS, on the
// events' topic and on a subscriber's queue stand with these (communication-access, events-*).
param appPrincipalId string
param topicPrincipalId string
@description('ACS identity that writes into its own container; used only when that container has a name.')
param acsPrincipalId string
@description('Who may read recordings, rejected events, dead letters and undelivered events; empty: nobody.')
param operatorPrincipalId string
param operatorPrincipalType string
@description('Who may run the app on a machine of their own, against this storage; empty: nobody.')
param developerPrincipalId string
@description('Who puts the app\'s package into its account and reads it there: the platform, for the app.')
param packagePrincipalId string
param packageStorageName string
param runtimeStorageName string
param deadLettersName string
param rejectedEventsName string
param undeliveredEventsName string
param recordingsStorageName string
param recordingsContainerName string
param exportsContainerName string
@description('GUID of the role of whoever writes recordings and exports.')
param recordingsRoleId string
param ownContainerName string
param insightsName string

var roles = loadJsonContent('../roles.json')
var hasOwnContainer = !empty(ownContainerName)
// ACS can write there only with an identity; one that was brought may have none.
var ownContainerWriter = hasOwnContainer && empty(acsPrincipalId)
  ? fail('ACS_OWN_STORAGE needs an ACS resource with a system-assigned identity: give it one, or set ACS_OWN_STORAGE to false.')
  : acsPrincipalId
var hasOperator = !empty(operatorPrincipalId)
var hasDeveloper = !empty(developerPrincipalId)
// The host keeps locks, keys and its own tables here, under names of its choosing: hence the account.
var runtimeRoles = [roles.storageBlobDataOwner, roles.storageQueueDataContributor, roles.storageTableDataContributor]

resource runtime 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: runtimeStorageName
}

resource runtimeBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' existing = {
  parent: runtime
  name: 'default'
}

resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: runtimeBlobs
  name: deadLettersName
}

resource rejectedEvents 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: runtimeBlobs
  name: rejectedEventsName
}

resource undeliveredEvents 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: runtimeBlobs
  name: undeliveredEventsName
}

resource package 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: packageStorageName
}

resource recordings 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: recordingsStorageName
}

resource recordingsBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' existing = {
  parent: recordings
  name: 'default'
}

resource recordingsContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: recordingsBlobs
  name: recordingsContainerName
}

resource exportsContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: recordingsBlobs
  name: exportsContainerName
}

resource ownContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: recordingsBlobs
  name: hasOwnContainer ? ownContainerName : 'unused'
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource appOnRuntime 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in runtimeRoles: {
    name: guid(runtime.id, appPrincipalId, role)
    scope: runtime
    properties: {
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource appOnRecordings 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(recordingsContainer.id, appPrincipalId, recordingsRoleId)
  scope: recordingsContainer
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', recordingsRoleId)
  }
}

resource appOnExports 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(exportsContainer.id, appPrincipalId, recordingsRoleId)
  scope: exportsContainer
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', recordingsRoleId)
  }
}

// Nobody else has a right there: not the app, whose identity a stolen token would be of.
resource platformWritesPackage 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(package.id, packagePrincipalId, roles.storageBlobDataContributor)
  scope: package
  properties: {
    principalId: packagePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageBlobDataContributor
    )
  }
}

// Links to recordings are signed with a delegation key, which only the account as a whole hands out.
resource appDelegates 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(recordings.id, appPrincipalId, roles.storageBlobDelegator)
  scope: recordings
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDelegator)
  }
}

resource appSendsTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, appPrincipalId, roles.monitoringMetricsPublisher)
  scope: insights
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.monitoringMetricsPublisher
    )
  }
}

resource topicWritesDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(deadLetters.id, topicPrincipalId, roles.storageBlobDataContributor)
  scope: deadLetters
  properties: {
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageBlobDataContributor
    )
  }
}

resource acsWritesOwnContainer 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasOwnContainer) {
  name: guid(ownContainer.id, ownContainerWriter, roles.storageBlobDataContributor)
  scope: ownContainer
  properties: {
    principalId: ownContainerWriter
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageBlobDataContributor
    )
  }
}

// The app verifies what ACS wrote there and changes nothing.
resource appReadsOwnContainer 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasOwnContainer) {
  name: guid(ownContainer.id, appPrincipalId, roles.storageBlobDataReader)
  scope: ownContainer
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataReader)
  }
}

resource operatorReadsRecordings 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasOperator) {
  name: guid(recordingsContainer.id, operatorPrincipalId, roles.storageBlobDataReader)
  scope: recordingsContainer
  properties: {
    principalId: operatorPrincipalId
    principalType: operatorPrincipalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataReader)
  }
}

resource operatorReadsRejected 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasOperator) {
  name: guid(rejectedEvents.id, operatorPrincipalId, roles.storageBlobDataReader)
  scope: rejectedEvents
  properties: {
    principalId: operatorPrincipalId
    principalType: operatorPrincipalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataReader)
  }
}

resource operatorReadsDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasOperator) {
  name: guid(deadLetters.id, operatorPrincipalId, roles.storageBlobDataReader)
  scope: deadLetters
  properties: {
    principalId: operatorPrincipalId
    principalType: operatorPrincipalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataReader)
  }
}

resource operatorReadsUndelivered 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasOperator) {
  name: guid(undeliveredEvents.id, operatorPrincipalId, roles.storageBlobDataReader)
  scope: undeliveredEvents
  properties: {
    principalId: operatorPrincipalId
    principalType: operatorPrincipalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataReader)
  }
}

// What the app itself has on storage, so that it runs as this person.
resource developerOnRuntime 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in runtimeRoles: if (hasDeveloper) {
    name: guid(runtime.id, developerPrincipalId, role)
    scope: runtime
    properties: {
      principalId: developerPrincipalId
      principalType: 'User'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource developerOnRecordings 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasDeveloper) {
  name: guid(recordingsContainer.id, developerPrincipalId, recordingsRoleId)
  scope: recordingsContainer
  properties: {
    principalId: developerPrincipalId
    principalType: 'User'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', recordingsRoleId)
  }
}

resource developerOnExports 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasDeveloper) {
  name: guid(exportsContainer.id, developerPrincipalId, recordingsRoleId)
  scope: exportsContainer
  properties: {
    principalId: developerPrincipalId
    principalType: 'User'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', recordingsRoleId)
  }
}

resource developerDelegates 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasDeveloper) {
  name: guid(recordings.id, developerPrincipalId, roles.storageBlobDelegator)
  scope: recordings
  properties: {
    principalId: developerPrincipalId
    principalType: 'User'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDelegator)
  }
}

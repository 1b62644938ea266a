// The account behind the host: its locks and keys, our queues and tables, dead letters, rejected events.
param name string
param location string
param tags { *: string }
param sku string
param vnetEnabled bool
@description('Containers of events that are kept because nobody took them.')
param containerNames string[]
@description('After so many days they are deleted.')
param keptEventsDays int

// The names are constants of the app's code; a test keeps the two equal.
var queueNames = ['chunk-transfers', 'chunk-transfers-poison', 'chunk-deletions', 'chunk-deletions-poison']
var tableNames = ['recordings', 'recordingindex']
var softDeleteDays = 7 // a dead letter that was ingested by mistake can be had back for a week

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    encryption: { keySource: 'Microsoft.Storage', requireInfrastructureEncryption: true }
    isLocalUserEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // Not 'Disabled' even inside a network: Event Grid writes dead letters here as a trusted service, and the rule
    // that lets trusted services through is documented for a closed firewall, not for a disabled endpoint.
    publicNetworkAccess: 'Enabled'
    networkAcls: { bypass: 'AzureServices', defaultAction: vnetEnabled ? 'Deny' : 'Allow' }
  }
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: softDeleteDays }
    containerDeleteRetentionPolicy: { enabled: true, days: softDeleteDays }
  }
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = [
  for item in containerNames: {
    parent: blobService
    name: item
    properties: { publicAccess: 'None' }
  }
]

// An event that is still here has missed ACS's retention long since; it holds ids of calls, and ends like log lines do.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-01-01' = {
  parent: account
  name: 'default'
  dependsOn: [blobService]
  properties: {
    policy: {
      rules: [
        {
          name: 'kept-events'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['blockBlob', 'appendBlob']
              prefixMatch: map(containerNames, container => '${container}/')
            }
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: keptEventsDays } } }
          }
        }
      ]
    }
  }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-01-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-01-01' = [
  for item in queueNames: {
    parent: queueService
    name: item
  }
]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-01-01' = {
  parent: account
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-01-01' = [
  for item in tableNames: {
    parent: tableService
    name: item
  }
]

output id string = account.id
output blobEndpoint string = account.properties.primaryEndpoints.blob
output queueEndpoint string = account.properties.primaryEndpoints.queue
output tableEndpoint string = account.properties.primaryEndpoints.table

// The account that receives the recordings: its own retention, its own network rules, and nobody else's data.
param name string
param location string
param tags { *: string }
param sku string
param vnetEnabled bool
@description('Public addresses outside the network that may read with a link.')
param listenerAddresses string[]
param workspaceId string
param containerName string
param exportsContainerName string
@description('Adds a container that ACS may write into; empty: none.')
param ownContainerName string
param retentionDays int
param coolAfterDays int
param softDeleteDays int
param immutabilityDays int
@description('Origins whose pages may read what a link opens.')
param consoleOrigins string[]

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
    // ACS writes from outside the network, and listeners read from there: then the endpoint must exist.
    publicNetworkAccess: vnetEnabled && empty(ownContainerName) && empty(listenerAddresses) ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: vnetEnabled ? 'Deny' : 'Allow'
      ipRules: map(listenerAddresses, address => { value: address, action: 'Allow' })
    }
    sasPolicy: { expirationAction: 'Log', sasExpirationPeriod: '0.01:00:00' } // our links live 30 minutes
  }
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    changeFeed: { enabled: true, retentionInDays: 90 }
    deleteRetentionPolicy: { enabled: true, days: softDeleteDays }
    containerDeleteRetentionPolicy: { enabled: true, days: softDeleteDays }
    // What pages may do with a link; without one, storage refuses them as it refuses anybody.
    cors: {
      corsRules: [
        {
          allowedOrigins: consoleOrigins
          allowedMethods: ['GET', 'HEAD']
          allowedHeaders: ['range']
          exposedHeaders: ['accept-ranges', 'content-range', 'content-length', 'content-type', 'etag']
          maxAgeInSeconds: 3600
        }
      ]
    }
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobService
  name: containerName
  properties: { publicAccess: 'None' }
}

// Files composed of recordings: for convenience, so they go after a day, and nothing but them.
resource exportsContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobService
  name: exportsContainerName
  properties: { publicAccess: 'None' }
}

// Apart from ours, so that ACS's identity can never touch a verified copy.
resource ownContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = if (!empty(ownContainerName)) {
  parent: blobService
  name: empty(ownContainerName) ? 'unused' : ownContainerName
  properties: { publicAccess: 'None' }
}

// Unlocked: locking cannot be undone and stays a deliberate act of a person (docs/deploy.md).
resource immutability 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2025-01-01' = if (immutabilityDays > 0) {
  parent: container
  name: 'default'
  properties: { immutabilityPeriodSinceCreationInDays: immutabilityDays, allowProtectedAppendWrites: false }
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-01-01' = {
  parent: account
  name: 'default'
  dependsOn: [blobService] // rules about versions are refused before versioning is on
  properties: {
    policy: {
      rules: [
        {
          name: 'cool'
          enabled: coolAfterDays > 0
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'] }
            actions: { baseBlob: { tierToCool: { daysAfterModificationGreaterThan: max(coolAfterDays, 1) } } }
          }
        }
        {
          name: 'retention'
          enabled: retentionDays > 0
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'] }
            actions: {
              baseBlob: { delete: { daysAfterModificationGreaterThan: max(retentionDays, 1) } }
              // What is deleted lives on as a version, which goes no sooner than the recording itself.
              version: { delete: { daysAfterCreationGreaterThan: max(retentionDays, 1) } }
            }
          }
        }
        {
          name: 'exports'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['${exportsContainerName}/'] }
            actions: {
              baseBlob: { delete: { daysAfterModificationGreaterThan: 1 } }
              version: { delete: { daysAfterCreationGreaterThan: 1 } }
            }
          }
        }
        // Not of our container: whoever overwrites a recording leaves the proven original as an older version.
        {
          name: 'old-versions'
          enabled: !empty(ownContainerName)
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['${empty(ownContainerName) ? 'unused' : ownContainerName}/']
            }
            actions: { version: { delete: { daysAfterCreationGreaterThan: softDeleteDays } } }
          }
        }
      ]
    }
  }
}

// Who read, wrote or deleted a recording.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobService
  name: 'recorder'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}

output id string = account.id
output blobEndpoint string = account.properties.primaryEndpoints.blob

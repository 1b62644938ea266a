// The account of the app's package, and of nothing else: who owns the blobs of the host's account, as the app's identity
// must, could put another package into it.
param name string
param location string
param tags { *: string }
param sku string
param vnetEnabled bool
param containerName string

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
    publicNetworkAccess: 'Enabled' // as with the host's account, which held the package before
    networkAcls: { bypass: 'AzureServices', defaultAction: vnetEnabled ? 'Deny' : 'Allow' }
  }
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: account
  name: 'default'
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobService
  name: containerName
  properties: { publicAccess: 'None' }
}

output id string = account.id
output containerUrl string = '${account.properties.primaryEndpoints.blob}${containerName}'

// A new ACS resource. An existing one is used as it is: see communication-access.bicep.
param name string
param tags { *: string }
param dataLocation string
param disableLocalAuth bool

resource acs 'Microsoft.Communication/communicationServices@2025-05-01' = {
  name: name
  location: 'global'
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: { dataLocation: dataLocation, disableLocalAuth: disableLocalAuth, publicNetworkAccess: 'Enabled' }
}

output name string = acs.name

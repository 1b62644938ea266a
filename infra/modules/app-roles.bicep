// Roles of our own, with what the app does and nothing else. Azure keeps them beside the subscription: whoever deletes
// the resource group leaves them behind (docs/deploy.md).
targetScope = 'subscription'

@description('Makes the role that writes recordings.')
param recordingsLeastPrivilege bool
param recordingsWriterId string
@description('Makes the role that records calls.')
param acsLeastPrivilege bool
param callRecorderId string
@description('What tells the names apart from those of another environment: they are unique in a tenant.')
param token string

var permissions = loadJsonContent('../app-roles.json')

resource recordingsWriter 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (recordingsLeastPrivilege) {
  name: recordingsWriterId
  properties: {
    roleName: 'Recordings writer ${token}'
    description: 'Reads and writes blobs, and deletes none.'
    type: 'CustomRole'
    permissions: [permissions.recordingsWriter]
    assignableScopes: [subscription().id]
  }
}

resource callRecorder 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (acsLeastPrivilege) {
  name: callRecorderId
  properties: {
    roleName: 'Call recorder ${token}'
    description: 'Uses an ACS resource, and neither lists nor renews its keys.'
    type: 'CustomRole'
    permissions: [permissions.callRecorder]
    assignableScopes: [subscription().id]
  }
}

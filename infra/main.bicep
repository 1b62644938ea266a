// Everything the call-recording app needs, from one `azd up`. Each parameter is an azd variable (main.parameters.json);
// docs/deploy.md lists them.
targetScope = 'subscription'

// --- Where
@minLength(1)
@maxLength(40)
param environmentName string
@metadata({ azd: { type: 'location' } })
param location string
@description('true after the first deployment of code: then provisioning owns the event subscription.')
param deployEventSubscription bool = false

// --- ACS
@description('Name of an existing ACS resource of this subscription; empty: a new one.')
param existingAcsName string = ''
@description('Its resource group; empty: the one of this environment.')
param existingAcsResourceGroup string = ''
@description('Name of its existing Event Grid system topic, which must have a system-assigned identity; empty: a new one.')
param existingSystemTopicName string = ''
@description('The resource group of that topic; empty: the one of the ACS resource.')
param existingSystemTopicResourceGroup string = ''
@description('Where a new ACS resource keeps data at rest. Cannot be changed later.')
@allowed(['Africa', 'Asia Pacific', 'Australia', 'Brazil', 'Canada', 'Europe', 'France', 'Germany', 'India', 'Japan', 'Korea', 'Norway', 'Switzerland', 'UAE', 'UK', 'United States'])
param acsDataLocation string = 'United States'
@description('Switches the keys of a new ACS resource off. Only after the smoke test has shown that tokens suffice.')
param acsDisableLocalAuth bool = false
@description('GUID of the role that the app gets on the ACS resource; empty: Communication and Email Service Owner.')
param acsRoleId string = ''
@description('Key Vault secret with the ACS connection string, for an ACS resource that refuses tokens; empty: identity.')
param acsVaultReference string = ''
@description('Creates a container that ACS itself may record into, and allows it to callers.')
param acsOwnStorage bool = false

// --- The app on Flex Consumption
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40
@minValue(1)
@maxValue(64)
param httpConcurrency int = 16
@description('Instances for HTTP that never sleep. Paid for around the clock.')
@minValue(0)
@maxValue(20)
param alwaysReadyHttp int = 0
@description('Client id of an app registration: switches Easy Auth on.')
param authClientId string = ''
param authAllowedClientIds string = ''
param vnetEnabled bool = false
param vnetAddressPrefix string = '10.42.0.0/23'
param natGatewayId string = ''

// --- Keeping recordings
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageRedundancy string = 'Standard_ZRS'
@minLength(3)
@maxLength(63)
param recordingsContainer string = 'recordings'
@description('Recordings are deleted this many days after they were written; 0: never.')
@minValue(0)
@maxValue(36500)
param retentionDays int = 2555
@description('Recordings move to the cool tier after this many days; 0: never.')
@minValue(0)
@maxValue(3650)
param coolAfterDays int = 30
@description('How long deleted recordings and older versions can be had back.')
@minValue(1)
@maxValue(365)
param softDeleteDays int = 14
@description('Nobody can change or delete a recording for this many days (WORM); 0: off.')
@minValue(0)
@maxValue(36500)
param immutabilityDays int = 0

// --- Watching
param alertEmail string = ''
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90
@description('Object id of the people who may read recordings, rejected events, dead letters and undelivered events; empty: nobody.')
param operatorPrincipalId string = ''
@allowed(['Group', 'User', 'ServicePrincipal'])
param operatorPrincipalType string = 'Group'

// --- Events for other apps
@description('What other apps can subscribe to. topic: the events that the app sends; manifests: each recording.json, as Blob Storage tells of it; none: nothing.')
@allowed(['topic', 'manifests', 'none'])
param eventsFrom string = 'topic'
@description('ARM id of an existing Storage Queue that gets these events; empty: none. Its account must let trusted services through its firewall.')
param eventsQueueId string = ''
@description('Address to which these events are posted, and which may hold a key; empty: none. It must answer already: Event Grid asks it while this is deployed.')
@secure()
param eventsWebhookUrl string = ''

// --- How the app behaves: its settings, with the code's own defaults (docs/settings.md says what each does)
@allowed(['after-store', 'never'])
param deleteFromAcs string = 'after-store'
@allowed(['store', 'manage', 'ignore'])
param unknownRecordings string = 'store'
@allowed(['once', 'double-read'])
param verifySource string = 'once'
@minValue(1)
@maxValue(168)
param acsRetentionHours int = 24
param recordingHostSuffixes string = ''
param byosContainers string = ''
@description('Hosts that callers may have ACS post states to, comma-separated; empty: none.')
param callbackHosts string = ''
@description('Has ACS tell the app when the state of a recording changes; false: the app asks.')
param stateCallbacks bool = true
@description('Hears only state callbacks with a token of ACS. Only after the smoke test has shown that they carry one.')
param verifyCallbacks bool = false
@minValue(65536)
@maxValue(8388608)
param transferBlockBytes int = 4194304
@minValue(60)
@maxValue(7200)
param claimSeconds int = 300
@minValue(1)
@maxValue(3600)
param retryFirstSeconds int = 60
@minValue(1)
@maxValue(7200)
param retryMaxSeconds int = 900
@minValue(1)
@maxValue(168)
param maxRecordingHours int = 24

var names = loadJsonContent('abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var groupName = '${names.resourceGroup}${environmentName}'
var acsName = empty(existingAcsName) ? '${names.communicationService}${token}' : existingAcsName
var acsGroupName = empty(existingAcsName) || empty(existingAcsResourceGroup) ? groupName : existingAcsResourceGroup
var topicName = empty(existingSystemTopicName) ? '${names.systemTopic}${token}' : existingSystemTopicName
var topicGroupName = empty(existingSystemTopicResourceGroup) ? acsGroupName : existingSystemTopicResourceGroup
var acsRole = empty(acsRoleId) ? loadJsonContent('roles.json').communicationAndEmailServiceOwner : acsRoleId
var eventFunctionName = 'recording_file_ready' // what functions/event_grid.py calls it
var ownContainerName = acsOwnStorage ? 'recorded-by-acs' : ''

// What cannot work is refused before anything is deployed.
var hasSubscriber = !empty(eventsQueueId) || !empty(eventsWebhookUrl)
var eventsSource = eventsFrom == 'none' && hasSubscriber ? fail('EVENTS_FROM is none, so EVENTS_QUEUE_ID and EVENTS_WEBHOOK_URL would get nothing: empty them, or set EVENTS_FROM to topic or manifests.') : eventsFrom
var unusedQueueId = '${subscription().id}/resourceGroups/${groupName}/providers/Microsoft.Storage/storageAccounts/unused/queueServices/default/queues/unused'
var givenQueueId = split(empty(eventsQueueId) ? unusedQueueId : eventsQueueId, '/')
var queueId = length(givenQueueId) != 13 ? fail('EVENTS_QUEUE_ID is not the id of a queue, which ends with /storageAccounts/NAME/queueServices/default/queues/NAME.') : givenQueueId
var eventsTopicName = '${eventsSource == 'topic' ? names.eventsTopic : names.manifestsTopic}${token}'
var eventsTopicId = eventsSource == 'none' ? '' : eventsSource == 'topic' ? eventsTopic!.outputs.id : manifestsTopic!.outputs.id
var eventsPrincipalId = eventsSource == 'topic' ? eventsTopic!.outputs.principalId : manifestsTopic!.outputs.principalId

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: groupName
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: { name: '${names.managedIdentity}${token}', location: location, tags: tags }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: '${names.workspace}${token}'
    insightsName: '${names.applicationInsights}${token}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
  }
}

module runtimeStorage 'modules/runtime-storage.bicep' = {
  scope: group
  params: {
    name: '${names.runtimeStorage}${token}'
    location: location
    tags: tags
    sku: storageRedundancy
    vnetEnabled: vnetEnabled
  }
}

module recordingsStorage 'modules/recordings-storage.bicep' = {
  scope: group
  params: {
    name: '${names.recordingsStorage}${token}'
    location: location
    tags: tags
    sku: storageRedundancy
    vnetEnabled: vnetEnabled
    workspaceId: monitoring.outputs.workspaceId
    containerName: recordingsContainer
    ownContainerName: ownContainerName
    retentionDays: retentionDays
    coolAfterDays: coolAfterDays
    softDeleteDays: softDeleteDays
    immutabilityDays: immutabilityDays
  }
}

module communication 'modules/communication.bicep' = if (empty(existingAcsName)) {
  scope: group
  params: { name: acsName, tags: tags, dataLocation: acsDataLocation, disableLocalAuth: acsDisableLocalAuth }
}

module acs 'modules/communication-access.bicep' = {
  scope: resourceGroup(acsGroupName)
  dependsOn: [communication]
  params: {
    name: acsName
    principalId: identity.outputs.principalId
    roleId: acsRole
    workspaceId: monitoring.outputs.workspaceId
  }
}

module newTopic 'modules/eventgrid-topic.bicep' = if (empty(existingSystemTopicName)) {
  scope: resourceGroup(topicGroupName)
  params: { name: topicName, tags: tags, acsId: acs.outputs.id }
}

module topic 'modules/eventgrid-topic-access.bicep' = {
  scope: resourceGroup(topicGroupName)
  dependsOn: [newTopic]
  params: { name: topicName, workspaceId: monitoring.outputs.workspaceId }
}

module rbac 'modules/rbac.bicep' = {
  scope: group
  params: {
    appPrincipalId: identity.outputs.principalId
    topicPrincipalId: topic.outputs.principalId
    acsPrincipalId: acs.outputs.principalId
    operatorPrincipalId: operatorPrincipalId
    operatorPrincipalType: operatorPrincipalType
    runtimeStorageName: runtimeStorage.outputs.name
    deadLettersName: runtimeStorage.outputs.deadLettersName
    rejectedEventsName: runtimeStorage.outputs.rejectedEventsName
    undeliveredEventsName: runtimeStorage.outputs.undeliveredEventsName
    recordingsStorageName: recordingsStorage.outputs.name
    recordingsContainerName: recordingsStorage.outputs.containerName
    ownContainerName: ownContainerName
    insightsName: monitoring.outputs.insightsName
  }
}

module eventsTopic 'modules/events-topic.bicep' = if (eventsSource == 'topic') {
  scope: group
  params: {
    name: eventsTopicName
    location: location
    tags: tags
    appPrincipalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module manifestsTopic 'modules/manifests-topic.bicep' = if (eventsSource == 'manifests') {
  scope: group
  params: {
    name: eventsTopicName
    location: location
    tags: tags
    recordingsStorageId: recordingsStorage.outputs.id
    workspaceId: monitoring.outputs.workspaceId
  }
}

module eventsQueueAccess 'modules/events-queue-access.bicep' = if (!empty(eventsQueueId)) {
  scope: resourceGroup(queueId[2], queueId[4])
  params: {
    accountName: queueId[8]
    queueName: queueId[12]
    topicPrincipalId: eventsPrincipalId
  }
}

module eventsSubscriptions 'modules/events-subscriptions.bicep' = if (eventsSource != 'none') {
  scope: group
  dependsOn: [eventsQueueAccess]
  params: {
    source: eventsSource == 'topic' ? 'topic' : 'manifests'
    topicName: eventsTopicName
    topicPrincipalId: eventsPrincipalId
    recordingsContainerName: recordingsContainer
    runtimeStorageName: runtimeStorage.outputs.name
    undeliveredEventsName: runtimeStorage.outputs.undeliveredEventsName
    queueName: empty(eventsQueueId) ? '' : queueId[12]
    queueAccountId: join(take(queueId, 9), '/')
    webhookUrl: eventsWebhookUrl
  }
}

module network 'modules/network.bicep' = if (vnetEnabled) {
  scope: group
  params: {
    name: '${names.virtualNetwork}${token}'
    location: location
    tags: tags
    addressPrefix: vnetAddressPrefix
    natGatewayId: natGatewayId
    runtimeStorageId: runtimeStorage.outputs.id
    recordingsStorageId: recordingsStorage.outputs.id
  }
}

module functionApp 'modules/function-app.bicep' = {
  scope: group
  dependsOn: [rbac] // the first start needs its storage
  params: {
    name: '${names.functionApp}${token}'
    planName: '${names.hostingPlan}${token}'
    location: location
    tags: tags
    siteTags: union(tags, { 'azd-service-name': 'recorder' })
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    insightsName: monitoring.outputs.insightsName
    workspaceId: monitoring.outputs.workspaceId
    runtimeBlobEndpoint: runtimeStorage.outputs.blobEndpoint
    runtimeQueueEndpoint: runtimeStorage.outputs.queueEndpoint
    runtimeTableEndpoint: runtimeStorage.outputs.tableEndpoint
    packageName: runtimeStorage.outputs.packageName
    recordingsBlobEndpoint: recordingsStorage.outputs.blobEndpoint
    acsId: acs.outputs.id
    acsEndpoint: acs.outputs.endpoint
    acsImmutableResourceId: acs.outputs.immutableResourceId
    acsVaultReference: acsVaultReference
    eventsTopicEndpoint: eventsSource == 'topic' ? eventsTopic!.outputs.endpoint : ''
    stateCallbacks: stateCallbacks
    verifyCallbacks: verifyCallbacks
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    httpConcurrency: httpConcurrency
    alwaysReadyHttp: alwaysReadyHttp
    subnetId: vnetEnabled ? network!.outputs.appSubnetId : ''
    authClientId: authClientId
    authAllowedClientIds: authAllowedClientIds
    settings: {
      RECORDINGS_CONTAINER: recordingsContainer
      ACS_RETENTION_HOURS: string(acsRetentionHours)
      DELETE_FROM_ACS: deleteFromAcs
      UNKNOWN_RECORDINGS: unknownRecordings
      VERIFY_SOURCE: verifySource
      RECORDING_HOST_SUFFIXES: recordingHostSuffixes
      BYOS_CONTAINERS: acsOwnStorage ? '${recordingsStorage.outputs.blobEndpoint}${ownContainerName},${byosContainers}' : byosContainers
      CALLBACK_HOSTS: callbackHosts
      TRANSFER_BLOCK_BYTES: string(transferBlockBytes)
      CLAIM_SECONDS: string(claimSeconds)
      RETRY_FIRST_SECONDS: string(retryFirstSeconds)
      RETRY_MAX_SECONDS: string(retryMaxSeconds)
      MAX_RECORDING_HOURS: string(maxRecordingHours)
    }
  }
}

module eventSubscription 'modules/eventgrid-subscription.bicep' = if (deployEventSubscription) {
  scope: resourceGroup(topicGroupName)
  params: {
    systemTopicName: topicName
    functionAppId: functionApp.outputs.id
    functionName: eventFunctionName
    runtimeStorageId: runtimeStorage.outputs.id
    deadLettersName: runtimeStorage.outputs.deadLettersName
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    topicId: topic.outputs.id
    eventsSource: eventsSource
    eventsTopicId: eventsTopicId
    alertEmail: alertEmail
    actionGroupName: '${names.actionGroup}${token}'
  }
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_APP_NAME string = functionApp.outputs.name
output AZURE_FUNCTION_APP_HOST string = functionApp.outputs.host
output AZURE_FUNCTION_APP_ID string = functionApp.outputs.id
output ACS_ENDPOINT string = acs.outputs.endpoint
output EVENTGRID_SYSTEM_TOPIC_NAME string = topicName
output EVENTGRID_SYSTEM_TOPIC_RESOURCE_GROUP string = topicGroupName
output EVENTGRID_FUNCTION_NAME string = eventFunctionName
output EVENTS_TOPIC_ID string = eventsTopicId
output RUNTIME_STORAGE_ID string = runtimeStorage.outputs.id
output RUNTIME_STORAGE_NAME string = runtimeStorage.outputs.name
output DEAD_LETTERS_CONTAINER_NAME string = runtimeStorage.outputs.deadLettersName
output RECORDINGS_STORAGE_NAME string = recordingsStorage.outputs.name
output RECORDINGS_CONTAINER_NAME string = recordingsContainer

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
@description('Name of its Event Grid system topic, which must have a system-assigned identity; empty: a new one.')
param existingSystemTopicName string = ''
@description('The resource group of that topic; empty: the one of the ACS resource.')
param existingSystemTopicResourceGroup string = ''
@description('Where a new ACS resource keeps data at rest. Cannot be changed later.')
@allowed([
  'Africa'
  'Asia Pacific'
  'Australia'
  'Brazil'
  'Canada'
  'Europe'
  'France'
  'Germany'
  'India'
  'Japan'
  'Korea'
  'Norway'
  'Switzerland'
  'UAE'
  'UK'
  'United States'
])
param acsDataLocation string = 'United States'
@description('Switches the keys of a new ACS resource off. Only after the smoke test has shown that tokens suffice.')
param acsDisableLocalAuth bool = false
@description('GUID of the role that the app gets on the ACS resource; empty: Communication and Email Service Owner.')
param acsRoleId string = ''
@description('Gives the app a role on ACS that cannot list or renew keys. Only if the smoke test passes with it.')
param acsLeastPrivilege bool = false
@description('Key Vault secret with the ACS connection string, for an ACS that refuses tokens; empty: identity.')
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
@description('Instances for the events of ACS that never sleep. Paid for around the clock.')
@minValue(0)
@maxValue(20)
param alwaysReadyEvents int = 0
@description('Client id of an app registration: switches Easy Auth on.')
param authClientId string = ''
param authAllowedClientIds string = ''
param vnetEnabled bool = false
param vnetAddressPrefix string = '10.42.0.0/23'
param natGatewayId string = ''
@description('Public addresses outside the network from which links may be opened, separated by commas; empty: none.')
param listenerAddresses string = ''

// --- Keeping recordings
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageRedundancy string = 'Standard_ZRS'
@minLength(3)
@maxLength(63)
param recordingsContainer string = 'recordings'
@description('Gives the app a role on recordings that cannot delete; false: Storage Blob Data Contributor.')
param recordingsLeastPrivilege bool = true
@description('Recordings are deleted this many days after they were written, behind the back of the app; 0: never.')
@minValue(0)
@maxValue(36500)
param retentionDays int = 0
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
@description('Events that nobody took (rejected, dead letters, undelivered) are deleted after this many days.')
@minValue(14)
@maxValue(3650)
param keptEventsDays int = 90
@description('Origins whose pages may read what a link opens, such as https://HOST, separated by commas; empty: all.')
param consoleOrigins string = ''

// --- Watching
param alertEmail string = ''
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90
@description('Object id of who may read recordings, rejected events, dead letters, undelivered events; empty: nobody.')
param operatorPrincipalId string = ''
@allowed(['Group', 'User', 'ServicePrincipal'])
param operatorPrincipalType string = 'Group'
@description('Object id of a person who may run the app on their own machine against this storage; empty: nobody.')
param developerPrincipalId string = ''

// --- Events for other apps
// topic: the events that the app sends; manifests: each recording.json, as Blob Storage tells of it; none: nothing.
@description('What other apps can subscribe to.')
@allowed(['topic', 'manifests', 'none'])
param eventsFrom string = 'topic'
// Its account must let trusted services through its firewall.
@description('ARM id of an existing Storage Queue that gets these events; empty: none.')
param eventsQueueId string = ''
// It must answer already: Event Grid asks it while this is deployed.
@description('Address to which these events are posted, and which may hold a key; empty: none.')
@secure()
param eventsWebhookUrl string = ''

// --- How the app behaves
@description('Has ACS tell the app when the state of a recording changes; false: the app asks.')
param stateCallbacks bool = true
@description('Hears only state callbacks with a token of ACS. Only after the smoke test has shown that they carry one.')
param verifyCallbacks bool = false
@description('Settings of the app by their own names.')
param appSettings AppSettings = {}
@description('What azd finds under the names that these settings had as parameters.')
param formerSettings string = ''

// docs/settings.md says what each does; the code has the defaults of those that are left out. Sealed: another name is
// refused, a misspelt one as well as one that this template sets itself.
@sealed()
type AppSettings = {
  @minValue(1)
  @maxValue(168)
  ACS_RETENTION_HOURS: int?
  BYOS_CONTAINERS: string?
  CALLBACK_HOSTS: string?
  CALLBACK_ISSUER: string?
  CALLBACK_JWKS_URL: string?
  @minValue(60)
  @maxValue(7200)
  CLAIM_SECONDS: int?
  DELETE_FROM_ACS: ('after-store' | 'never')?
  EXPORT_MP3: ('true' | 'false')?
  @minValue(1)
  @maxValue(168)
  MAX_RECORDING_HOURS: int?
  RECORDING_HOST_SUFFIXES: string?
  @minValue(1)
  @maxValue(3600)
  RETRY_FIRST_SECONDS: int?
  @minValue(1)
  @maxValue(7200)
  RETRY_MAX_SECONDS: int?
  @minValue(65536)
  @maxValue(8388608)
  TRANSFER_BLOCK_BYTES: int?
  UNKNOWN_RECORDINGS: ('store' | 'manage' | 'ignore')?
  VERIFY_SOURCE: ('once' | 'double-read')?
}

var names = loadJsonContent('abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var acsName = empty(existingAcsName) ? '${names.communicationService}${token}' : existingAcsName
var acsGroupName = empty(existingAcsName) || empty(existingAcsResourceGroup) ? groupName : existingAcsResourceGroup
var topicName = empty(existingSystemTopicName) ? '${names.systemTopic}${token}' : existingSystemTopicName
var topicGroupName = empty(existingSystemTopicResourceGroup) ? acsGroupName : existingSystemTopicResourceGroup
var callRecorderId = guid(subscription().id, token, 'callRecorder')
var recordingsWriterId = guid(subscription().id, token, 'recordingsWriter')
var roles = loadJsonContent('roles.json')
var usualAcsRole = !acsLeastPrivilege ? roles.communicationAndEmailServiceOwner : callRecorderId
var acsRole = empty(acsRoleId) ? usualAcsRole : acsRoleId
var recordingsRole = !recordingsLeastPrivilege ? roles.storageBlobDataContributor : recordingsWriterId
var eventFunctionName = 'recording_file_ready' // what functions/event_grid.py calls it
var ownContainerName = acsOwnStorage ? 'recorded-by-acs' : ''

// Names are made here: a preview cannot look into what a module puts out.
var identityName = '${names.managedIdentity}${token}'
var packageIdentityName = '${names.managedIdentity}package-${token}'
var workspaceName = '${names.workspace}${token}'
var insightsName = '${names.applicationInsights}${token}'
var runtimeStorageName = '${names.runtimeStorage}${token}'
var packageStorageName = '${names.packageStorage}${token}'
var recordingsStorageName = '${names.recordingsStorage}${token}'
// Containers of the runtime account. The first two are constants of the app's code; a test keeps them equal.
var deadLettersName = 'dead-letters'
var rejectedEventsName = 'rejected-events'
var undeliveredEventsName = 'undelivered-events' // for other apps, which did not take them; the app never reads it
var packageName = 'app-package' // of an account of its own
var exportsName = 'exports' // of the recordings account: files composed of recordings, which go after a day

var originsLackSchemes = length(split(',${consoleOrigins}', ',http')) != length(split(',${consoleOrigins}', ','))
var clientsHaveSpaces = contains(authAllowedClientIds, ' ')
var clientsHaveGaps = contains(',${authAllowedClientIds},', ',,')
var originsHavePaths = contains(replace(consoleOrigins, '://', ''), '/')

// What cannot work is refused before anything is deployed, all of it at once.
var problems = [
  {
    found: vnetEnabled && acsOwnStorage
    says: 'VNET_ENABLED closes the recordings account to ACS, which is no trusted service and could not write into the container of ACS_OWN_STORAGE: set one of them to false.'
  }
  {
    found: recordingsContainer == ownContainerName
    says: 'RECORDINGS_CONTAINER is the container that ACS_OWN_STORAGE lets ACS write into: name another one, apart from it.'
  }
  {
    found: recordingsContainer == exportsName
    says: 'RECORDINGS_CONTAINER is the container exports, which is emptied after a day (EXPORTS_CONTAINER): name another one.'
  }
  {
    found: acsDisableLocalAuth && !empty(acsVaultReference)
    says: 'ACS_VAULT_REFERENCE has the app sign with a key of ACS, and ACS_DISABLE_LOCAL_AUTH switches the keys off: no file could be fetched. Empty one of them.'
  }
  {
    found: acsDisableLocalAuth && !empty(existingAcsName)
    says: 'ACS_DISABLE_LOCAL_AUTH is for a new ACS resource, and EXISTING_ACS_NAME stays as it is: set it to false, and switch the keys off there.'
  }
  {
    found: acsLeastPrivilege && !empty(acsRoleId)
    says: 'ACS_LEAST_PRIVILEGE makes a role for the app, and ACS_ROLE_ID names another one: empty that, or set ACS_LEAST_PRIVILEGE to false.'
  }
  {
    found: empty(existingAcsName) && !empty(existingAcsResourceGroup)
    says: 'EXISTING_ACS_RESOURCE_GROUP is set and EXISTING_ACS_NAME is not: set both, or neither for a new ACS resource.'
  }
  {
    found: empty(existingAcsName) && !empty(existingSystemTopicName)
    says: 'EXISTING_SYSTEM_TOPIC_NAME brings no events of a new ACS resource: set EXISTING_ACS_NAME to the one it belongs to.'
  }
  {
    found: empty(existingSystemTopicName) && !empty(existingSystemTopicResourceGroup)
    says: 'EXISTING_SYSTEM_TOPIC_RESOURCE_GROUP is set and EXISTING_SYSTEM_TOPIC_NAME is not: set both, or neither for a new topic.'
  }
  {
    found: empty(authClientId) && !empty(authAllowedClientIds)
    says: 'AUTH_ALLOWED_CLIENT_IDS keeps nobody out without AUTH_CLIENT_ID: set that, too, or empty it.'
  }
  {
    found: !empty(authAllowedClientIds) && (clientsHaveSpaces || clientsHaveGaps)
    says: 'AUTH_ALLOWED_CLIENT_IDS takes client ids separated by commas alone: with a space in it an id would fit nobody, and what an empty one fits is nowhere written. Correct it, or empty it for AUTH_CLIENT_ID alone.'
  }
  {
    found: !vnetEnabled && !empty(natGatewayId)
    says: 'NAT_GATEWAY_ID is a way out of the virtual network: set VNET_ENABLED to true, or empty it.'
  }
  {
    found: !vnetEnabled && !empty(listenerAddresses)
    says: 'LISTENER_ADDRESSES keeps nobody out without VNET_ENABLED, and a firewall by addresses alone would keep the app out, which has none of its own: set VNET_ENABLED to true, or empty it.'
  }
  {
    found: !empty(listenerAddresses) && (contains(listenerAddresses, ' ') || contains(',${listenerAddresses},', ',,'))
    says: 'LISTENER_ADDRESSES takes public addresses or ranges, such as 203.0.113.7,198.51.100.0/24, separated by commas alone: correct it, or empty it.'
  }
  {
    found: contains('${listenerAddresses},', '/31,') || contains('${listenerAddresses},', '/32,')
    says: 'LISTENER_ADDRESSES has a range of one or two addresses, which Azure Storage refuses: write each address without /31 or /32.'
  }
  {
    found: !empty(consoleOrigins) && (originsLackSchemes || originsHavePaths)
    says: 'CONSOLE_ORIGINS takes origins as browsers send them, with https:// and without a path, separated by commas alone: anything else would fit no page, and the console could play nothing. Correct it, or empty it for every origin.'
  }
  {
    found: !empty(formerSettings)
    says: 'Settings of the app are found under the names of parameters that are no more (docs/deploy.md lists them): put them into APP_SETTINGS, and set the variables to nothing.'
  }
]
var refusals = map(filter(problems, problem => problem.found), problem => problem.says)
var groupName = empty(refusals) ? '${names.resourceGroup}${environmentName}' : fail(join(refusals, ' '))

var hasSubscriber = !empty(eventsQueueId) || !empty(eventsWebhookUrl)
var eventsSource = eventsFrom == 'none' && hasSubscriber
  ? fail('EVENTS_FROM is none, so EVENTS_QUEUE_ID and EVENTS_WEBHOOK_URL would get nothing: empty them, or set EVENTS_FROM to topic or manifests.')
  : eventsFrom
var unusedQueueId = '${subscription().id}/resourceGroups/${groupName}/providers/Microsoft.Storage/storageAccounts/unused/queueServices/default/queues/unused'
var givenQueueId = split(empty(eventsQueueId) ? unusedQueueId : eventsQueueId, '/')
var queueId = length(givenQueueId) != 13
  ? fail('EVENTS_QUEUE_ID is not the id of a queue, which ends with /storageAccounts/NAME/queueServices/default/queues/NAME.')
  : givenQueueId
var queueName = queueId[12]
var eventsTopicName = '${eventsSource == 'topic' ? names.eventsTopic : names.manifestsTopic}${token}'
var sentTopicId = eventsSource == 'topic' ? eventsTopic!.outputs.id : manifestsTopic!.outputs.id
var eventsTopicId = eventsSource == 'none' ? '' : sentTopicId
var eventsPrincipalId = eventsSource == 'topic' ? eventsTopic!.outputs.principalId : manifestsTopic!.outputs.principalId

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: groupName
  location: location
  tags: tags
}

// Callers may record into the container that ACS writes into, and into those that APP_SETTINGS names.
var ownContainerUrl = '${recordingsStorage.outputs.blobEndpoint}${ownContainerName}'
var byosSettings = acsOwnStorage ? { BYOS_CONTAINERS: '${ownContainerUrl},${appSettings.?BYOS_CONTAINERS ?? ''}' } : {}
var settings = union(appSettings, byosSettings, {
  RECORDINGS_CONTAINER: recordingsContainer
  EXPORTS_CONTAINER: exportsName
})

module identity 'modules/identity.bicep' = {
  scope: group
  params: { name: identityName, location: location, tags: tags }
}

// The platform puts the package where the app finds it, and reads it there, as this one; no setting names it.
module packageIdentity 'modules/identity.bicep' = {
  scope: group
  params: { name: packageIdentityName, location: location, tags: tags }
}

module appRoles 'modules/app-roles.bicep' = {
  params: {
    recordingsLeastPrivilege: recordingsLeastPrivilege
    recordingsWriterId: recordingsWriterId
    acsLeastPrivilege: acsLeastPrivilege
    callRecorderId: callRecorderId
    token: token
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: workspaceName
    insightsName: insightsName
    location: location
    tags: tags
    retentionDays: logRetentionDays
  }
}

module runtimeStorage 'modules/runtime-storage.bicep' = {
  scope: group
  params: {
    name: runtimeStorageName
    location: location
    tags: tags
    sku: storageRedundancy
    vnetEnabled: vnetEnabled
    containerNames: [deadLettersName, rejectedEventsName, undeliveredEventsName]
    keptEventsDays: keptEventsDays
  }
}

module packageStorage 'modules/package-storage.bicep' = {
  scope: group
  params: {
    name: packageStorageName
    location: location
    tags: tags
    sku: storageRedundancy
    vnetEnabled: vnetEnabled
    containerName: packageName
  }
}

module recordingsStorage 'modules/recordings-storage.bicep' = {
  scope: group
  params: {
    name: recordingsStorageName
    location: location
    tags: tags
    sku: storageRedundancy
    vnetEnabled: vnetEnabled
    listenerAddresses: empty(listenerAddresses) ? [] : split(listenerAddresses, ',')
    workspaceId: monitoring.outputs.workspaceId
    containerName: recordingsContainer
    exportsContainerName: exportsName
    ownContainerName: ownContainerName
    retentionDays: retentionDays
    coolAfterDays: coolAfterDays
    softDeleteDays: softDeleteDays
    immutabilityDays: immutabilityDays
    consoleOrigins: empty(consoleOrigins) ? ['*'] : split(consoleOrigins, ',')
  }
}

module communication 'modules/communication.bicep' = if (empty(existingAcsName)) {
  scope: group
  params: { name: acsName, tags: tags, dataLocation: acsDataLocation, disableLocalAuth: acsDisableLocalAuth }
}

module acs 'modules/communication-access.bicep' = {
  scope: resourceGroup(acsGroupName)
  dependsOn: [communication, appRoles]
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
  dependsOn: [monitoring, runtimeStorage, packageStorage, recordingsStorage, appRoles]
  params: {
    appPrincipalId: identity.outputs.principalId
    topicPrincipalId: topic.outputs.principalId
    acsPrincipalId: acs.outputs.principalId
    operatorPrincipalId: operatorPrincipalId
    operatorPrincipalType: operatorPrincipalType
    developerPrincipalId: developerPrincipalId
    packagePrincipalId: packageIdentity.outputs.principalId
    packageStorageName: packageStorageName
    runtimeStorageName: runtimeStorageName
    deadLettersName: deadLettersName
    rejectedEventsName: rejectedEventsName
    undeliveredEventsName: undeliveredEventsName
    recordingsStorageName: recordingsStorageName
    recordingsContainerName: recordingsContainer
    exportsContainerName: exportsName
    recordingsRoleId: recordingsRole
    ownContainerName: ownContainerName
    insightsName: insightsName
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
    queueName: queueName
    topicPrincipalId: eventsPrincipalId
  }
}

module eventsSubscriptions 'modules/events-subscriptions.bicep' = if (eventsSource != 'none') {
  scope: group
  dependsOn: [runtimeStorage, eventsQueueAccess]
  params: {
    source: eventsSource == 'topic' ? 'topic' : 'manifests'
    topicName: eventsTopicName
    topicPrincipalId: eventsPrincipalId
    recordingsContainerName: recordingsContainer
    runtimeStorageName: runtimeStorageName
    undeliveredEventsName: undeliveredEventsName
    queueName: empty(eventsQueueId) ? '' : queueName
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
    packageStorageId: packageStorage.outputs.id
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
    packageIdentityId: packageIdentity.outputs.id
    packageContainerUrl: packageStorage.outputs.containerUrl
    insightsName: insightsName
    runtimeBlobEndpoint: runtimeStorage.outputs.blobEndpoint
    runtimeQueueEndpoint: runtimeStorage.outputs.queueEndpoint
    runtimeTableEndpoint: runtimeStorage.outputs.tableEndpoint
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
    alwaysReadyEvents: alwaysReadyEvents
    eventFunctionName: eventFunctionName
    subnetId: vnetEnabled ? network!.outputs.appSubnetId : ''
    authClientId: authClientId
    authAllowedClientIds: authAllowedClientIds
    settings: mapValues(settings, value => string(value))
  }
}

module eventSubscription 'modules/eventgrid-subscription.bicep' = if (deployEventSubscription) {
  scope: resourceGroup(topicGroupName)
  params: {
    systemTopicName: topicName
    functionAppId: functionApp.outputs.id
    functionName: eventFunctionName
    runtimeStorageId: runtimeStorage.outputs.id
    deadLettersName: deadLettersName
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
output APP_PRINCIPAL_ID string = identity.outputs.principalId
output AZURE_FUNCTION_APP_NAME string = functionApp.outputs.name
output AZURE_FUNCTION_APP_HOST string = functionApp.outputs.host
output AZURE_FUNCTION_APP_ID string = functionApp.outputs.id
output ACS_ID string = acs.outputs.id
output ACS_ENDPOINT string = acs.outputs.endpoint
output EVENTGRID_SYSTEM_TOPIC_NAME string = topicName
output EVENTGRID_SYSTEM_TOPIC_RESOURCE_GROUP string = topicGroupName
output EVENTGRID_FUNCTION_NAME string = eventFunctionName
output EVENTS_TOPIC_ID string = eventsTopicId
output RUNTIME_STORAGE_ID string = runtimeStorage.outputs.id
output RUNTIME_STORAGE_NAME string = runtimeStorageName
output DEAD_LETTERS_CONTAINER_NAME string = deadLettersName
output PACKAGE_STORAGE_NAME string = packageStorageName
output RECORDINGS_STORAGE_NAME string = recordingsStorageName
output RECORDINGS_CONTAINER_NAME string = recordingsContainer

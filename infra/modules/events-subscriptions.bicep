// What goes out to other apps: every event to an operator's queue, to a webhook, to both or to neither; and where an
// event goes that a subscriber does not take. The topic is the app's own, or that of the recordings account.
@allowed(['topic', 'manifests'])
param source string
param topicName string
param topicPrincipalId string
param recordingsContainerName string
param runtimeStorageName string
param undeliveredEventsName string
@description('Empty: no queue.')
param queueName string
param queueAccountId string
@description('Empty: no webhook. Event Grid asks it at once whether it wants events (an OPTIONS request).')
@secure()
param webhookUrl string

var roles = loadJsonContent('../roles.json')
var ofTopic = source == 'topic'
var ofManifests = source == 'manifests'
var hasQueue = !empty(queueName)
var hasWebhook = !empty(webhookUrl)
var queueDelivery = {
  identity: { type: 'SystemAssigned' }
  destination: {
    endpointType: 'StorageQueue'
    // -1: for ever. The default of a week is shorter than a subscriber may be away.
    properties: { resourceId: queueAccountId, queueName: queueName, queueMessageTimeToLiveInSeconds: -1 }
  }
}
var webhookDelivery = {
  endpointType: 'WebHook'
  properties: {
    endpointUrl: webhookUrl
    maxEventsPerBatch: 1
    preferredBatchSizeInKilobytes: 64
    minimumTlsVersionAllowed: '1.2'
  }
}
// recording.json, and recording.2.json and so on of a recording that was reopened. Metadata end in .json, too.
var manifestFilter = {
  includedEventTypes: ['Microsoft.Storage.BlobCreated']
  subjectBeginsWith: '/blobServices/default/containers/${recordingsContainerName}/blobs/'
  subjectEndsWith: '.json'
  advancedFilters: [{ operatorType: 'StringContains', key: 'subject', values: ['/recording.'] }]
}
var retryPolicy = { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 } // as long as Event Grid tries: a day
// Not the container of ACS's dead letters, which the sweep takes in.
var deadLetters = {
  identity: { type: 'SystemAssigned' }
  deadLetterDestination: {
    endpointType: 'StorageBlob'
    properties: { resourceId: runtime.id, blobContainerName: undeliveredEventsName }
  }
}

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: topicName
}

resource manifestsTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource runtime 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: runtimeStorageName
}

resource runtimeBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' existing = {
  parent: runtime
  name: 'default'
}

resource undeliveredEvents 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: runtimeBlobs
  name: undeliveredEventsName
}

resource topicWritesUndelivered 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(undeliveredEvents.id, topicPrincipalId, roles.storageBlobDataContributor)
  scope: undeliveredEvents
  properties: {
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageBlobDataContributor
    )
  }
}

resource eventsToQueue 'Microsoft.EventGrid/eventSubscriptions@2025-02-15' = if (ofTopic && hasQueue) {
  scope: topic
  name: 'operator-queue'
  dependsOn: [topicWritesUndelivered]
  properties: {
    deliveryWithResourceIdentity: queueDelivery
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    retryPolicy: retryPolicy
    deadLetterWithResourceIdentity: deadLetters
  }
}

resource eventsToWebhook 'Microsoft.EventGrid/eventSubscriptions@2025-02-15' = if (ofTopic && hasWebhook) {
  scope: topic
  name: 'operator-webhook'
  dependsOn: [topicWritesUndelivered]
  properties: {
    destination: webhookDelivery
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    retryPolicy: retryPolicy
    deadLetterWithResourceIdentity: deadLetters
  }
}

resource manifestsToQueue 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = if (ofManifests && hasQueue) {
  parent: manifestsTopic
  name: 'operator-queue'
  dependsOn: [topicWritesUndelivered]
  properties: {
    deliveryWithResourceIdentity: queueDelivery
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: manifestFilter
    retryPolicy: retryPolicy
    deadLetterWithResourceIdentity: deadLetters
  }
}

resource manifestsToWebhook 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = if (ofManifests && hasWebhook) {
  parent: manifestsTopic
  name: 'operator-webhook'
  dependsOn: [topicWritesUndelivered]
  properties: {
    destination: webhookDelivery
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: manifestFilter
    retryPolicy: retryPolicy
    deadLetterWithResourceIdentity: deadLetters
  }
}

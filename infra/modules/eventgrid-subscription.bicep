// Delivers ACS's file-ready events to the function. Azure refuses this before the function exists, so the postdeploy
// hook deploys it the first time; later provisions do (DEPLOY_EVENT_SUBSCRIPTION), and `--no-state` repairs drift.
param systemTopicName string
param functionAppId string
param functionName string
param runtimeStorageId string
param deadLettersName string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: systemTopicName
}

resource subscription 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'recording-file-ready'
  properties: {
    destination: {
      endpointType: 'AzureFunction'
      properties: {
        resourceId: '${functionAppId}/functions/${functionName}'
        maxEventsPerBatch: 1
        preferredBatchSizeInKilobytes: 64
      }
    }
    eventDeliverySchema: 'EventGridSchema'
    filter: { includedEventTypes: ['Microsoft.Communication.RecordingFileStatusUpdated'] }
    // After two hours an event goes where the sweep finds it: the longest time Event Grid allows, a day, is also how
    // long ACS keeps the file, and would leave none to copy it. Whether the time is up is looked at only with the next
    // try; tries fall 1 h 46:40 and 4 h 46:40 after the first, and 100 minutes end with the earlier of the two.
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 100 }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: { resourceId: runtimeStorageId, blobContainerName: deadLettersName }
      }
    }
  }
}

// A new system topic on the ACS resource. Azure allows one per source: an existing one is named by parameter instead.
param name string
param tags { *: string }
param acsId string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  location: 'global'
  tags: tags
  identity: { type: 'SystemAssigned' } // what may write dead letters
  properties: { source: acsId, topicType: 'Microsoft.Communication.CommunicationServices' }
}

output name string = topic.name

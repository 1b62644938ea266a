using '../main.bicep'

param environmentName = 'calls'
param location = 'westeurope'
param eventsQueueId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-theirs/providers/Microsoft.Storage/storageAccounts/theirs/queueServices/default/queues/recordings'

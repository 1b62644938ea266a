using '../main.bicep'

param environmentName = 'calls'
param location = 'westeurope'
param deployEventSubscription = true
param alertEmail = 'operators@example.com'
param alwaysReadyHttp = 1
param alwaysReadyEvents = 1
param authClientId = '22222222-2222-2222-2222-222222222222'
param immutabilityDays = 30
param consoleOrigins = 'https://func-calls.azurewebsites.net,https://calls.example.com'
param operatorPrincipalId = '44444444-4444-4444-4444-444444444444'
param vnetEnabled = true
param eventsQueueId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-theirs/providers/Microsoft.Storage/storageAccounts/theirs/queueServices/default/queues/recordings'

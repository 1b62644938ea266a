using '../main.bicep'

param environmentName = 'calls'
param location = 'westeurope'
param authClientId = '22222222-2222-2222-2222-222222222222'
param authAllowedClientIds = '33333333-3333-3333-3333-333333333333'

using '../main.bicep'

param environmentName = 'calls'
param location = 'westeurope'
param alwaysReadyHttp = 1
param alwaysReadyEvents = 1

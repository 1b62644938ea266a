using '../main.bicep'

param environmentName = 'calls'
param location = 'westeurope'
param retentionDays = 0
param coolAfterDays = 0

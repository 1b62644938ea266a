using '../main.bicep'

param environmentName = 'calls'
param location = 'westeurope'
param developerPrincipalId = '55555555-5555-5555-5555-555555555555'

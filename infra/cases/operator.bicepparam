using '../main.bicep'

param environmentName = 'calls'
param location = 'westeurope'
param operatorPrincipalId = '44444444-4444-4444-4444-444444444444'

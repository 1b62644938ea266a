using '../main.bicep'

param environmentName = 'calls'
param location = 'westeurope'
param vnetEnabled = true
param listenerAddresses = '203.0.113.7,198.51.100.0/24'

using '../main.bicep'

param environmentName = 'calls'
param location = 'westeurope'
param vnetEnabled = true
param natGatewayId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-net/providers/Microsoft.Network/natGateways/out'

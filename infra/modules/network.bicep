// Optional: the app's outgoing traffic in a virtual network, and storage reached through private endpoints.
// Incoming traffic stays public: Event Grid cannot deliver to a private function.
param name string
param location string
param tags { *: string }
@description('At least a /23: half for the app, half for private endpoints.')
param addressPrefix string
@description('Existing NAT gateway for the way out to ACS; empty: Azure\'s default way out.')
param natGatewayId string
param runtimeStorageId string
param packageStorageId string
param recordingsStorageId string

var storageSuffix = environment().suffixes.storage
var services = ['blob', 'queue', 'table']
var endpoints = [
  { name: 'runtime-blob', accountId: runtimeStorageId, service: 'blob', zone: 0 }
  { name: 'runtime-queue', accountId: runtimeStorageId, service: 'queue', zone: 1 }
  { name: 'runtime-table', accountId: runtimeStorageId, service: 'table', zone: 2 }
  { name: 'package-blob', accountId: packageStorageId, service: 'blob', zone: 0 }
  { name: 'recordings-blob', accountId: recordingsStorageId, service: 'blob', zone: 0 }
]

resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 24, 0)
          delegations: [{ name: 'flex', properties: { serviceName: 'Microsoft.App/environments' } }]
          natGateway: empty(natGatewayId) ? null : { id: natGatewayId }
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 24, 1)
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }

  resource app 'subnets' existing = {
    name: 'app'
  }

  resource endpointSubnet 'subnets' existing = {
    name: 'endpoints'
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for service in services: {
    name: 'privatelink.${service}.${storageSuffix}'
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (service, i) in services: {
    parent: zones[i]
    name: 'recorder-${service}'
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: network.id } }
  }
]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2024-07-01' = [
  for endpoint in endpoints: {
    name: '${name}-${endpoint.name}'
    location: location
    tags: tags
    properties: {
      subnet: { id: network::endpointSubnet.id }
      privateLinkServiceConnections: [
        { name: endpoint.name, properties: { privateLinkServiceId: endpoint.accountId, groupIds: [endpoint.service] } }
      ]
    }
  }
]

resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = [
  for (endpoint, i) in endpoints: {
    parent: privateEndpoints[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [{ name: endpoint.service, properties: { privateDnsZoneId: zones[endpoint.zone].id } }]
    }
  }
]

output appSubnetId string = network::app.id

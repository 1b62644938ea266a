// The app on Flex Consumption: scales to nothing, holds no secret, and takes code only from signed-in deployers.
param name string
param planName string
param location string
param tags { *: string }
@description('Tags of the site: azd finds where to deploy by them.')
param siteTags { *: string }
param identityId string
param identityClientId string
@description('Puts the package into its container, and reads it there; the app itself is never told of it.')
param packageIdentityId string
param packageContainerUrl string
param insightsName string
param runtimeBlobEndpoint string
param runtimeQueueEndpoint string
param runtimeTableEndpoint string
param recordingsBlobEndpoint string
param acsId string
param acsEndpoint string
param acsImmutableResourceId string
@description('Address of a Key Vault secret that holds the ACS connection string; empty: the identity is used.')
param acsVaultReference string
@description('Where the app sends its own events; empty: nowhere.')
param eventsTopicEndpoint string
@description('Settings of the app that come from parameters.')
param settings { *: string }
param stateCallbacks bool
param verifyCallbacks bool
param instanceMemoryMB int
param maximumInstanceCount int
param httpConcurrency int
param alwaysReadyHttp int
param alwaysReadyEvents int
@description('The function that takes ACS\'s events.')
param eventFunctionName string
@description('Empty: outgoing traffic takes the public way.')
param subnetId string
@description('Empty: no Easy Auth; function keys alone guard the API.')
param authClientId string
@description('Comma-separated client ids that may call; empty: the registration of authClientId itself, nobody else.')
param authAllowedClientIds string

// A synchronous function holds a thread while it waits for ACS or storage. The worker's own default (5 at one core)
// would leave two thirds of the HTTP requests that an instance accepts, and events, waiting for a thread.
var workerThreads = max(httpConcurrency, 16)

// The host reads a request's body before anyone is asked for a key, by default up to 100 MiB. The longest that is
// wanted is an event of Event Grid: 1 MiB, and the array around it.
var requestBodyBytes = 1153434 // 1.1 MiB

var alwaysReady = [
  { name: 'http', instanceCount: alwaysReadyHttp }
  { name: 'function:${eventFunctionName}', instanceCount: alwaysReadyEvents }
]

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource site 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: siteTags
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {}, '${packageIdentityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    clientAffinityEnabled: false
    publicNetworkAccess: 'Enabled' // Event Grid cannot deliver to a private function
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: packageIdentityId }
        }
      }
      runtime: { name: 'python', version: '3.13' }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: filter(alwaysReady, group => group.instanceCount > 0)
        triggers: { http: { perInstanceConcurrency: httpConcurrency } } // the platform's default for Python is 1
      }
    }
    // No ftpsState: Flex Consumption has no FTP and refuses the property; the policies below take no passwords.
    siteConfig: { minTlsVersion: '1.2', scmMinTlsVersion: '1.2' }
  }
}

// What follows from resources. These come last, so that nothing else can take their place.
var ownSettings = {
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  AZURE_CLIENT_ID: identityClientId
  PYTHON_THREADPOOL_THREAD_COUNT: string(workerThreads)
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: string(requestBodyBytes)
  AzureWebJobsStorage__blobServiceUri: runtimeBlobEndpoint
  AzureWebJobsStorage__queueServiceUri: runtimeQueueEndpoint
  AzureWebJobsStorage__tableServiceUri: runtimeTableEndpoint
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  RecordingsStorage__blobServiceUri: recordingsBlobEndpoint
  RecordingsStorage__credential: 'managedidentity'
  RecordingsStorage__clientId: identityClientId
  ACS_ENDPOINT: acsEndpoint
  ACS_TOPIC: acsId
  EVENTS_TOPIC_ENDPOINT: eventsTopicEndpoint
  CALLBACK_URL: stateCallbacks ? 'https://${site.properties.defaultHostName}/api/callbacks/recording-state' : ''
  CALLBACK_AUDIENCE: verifyCallbacks ? acsImmutableResourceId : ''
}
var keySettings = empty(acsVaultReference)
  ? {}
  : { ACS_CONNECTION_STRING: '@Microsoft.KeyVault(SecretUri=${acsVaultReference})' }

resource appSettings 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: site
  name: 'appsettings'
  properties: union(settings, ownSettings, keySettings)
}

// The site's children are written one after the other: Microsoft.Web answers 409 to writes at once, now and then.
resource ftpCredentials 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: site
  name: 'ftp'
  dependsOn: [appSettings]
  properties: { allow: false }
}

resource scmCredentials 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: site
  name: 'scm'
  dependsOn: [ftpCredentials]
  properties: { allow: false }
}

resource auth 'Microsoft.Web/sites/config@2024-11-01' = if (!empty(authClientId)) {
  parent: site
  name: 'authsettingsV2'
  dependsOn: [scmCredentials]
  properties: {
    platform: { enabled: true }
    globalValidation: {
      requireAuthentication: true
      unauthenticatedClientAction: 'Return401'
      // Event Grid signs with a system key and ACS with its own token: Easy Auth would refuse both.
      // The host spells its webhook EventGrid; whether case matters here is nowhere written, so both are left out.
      excludedPaths: [
        '/runtime/webhooks/eventgrid'
        '/runtime/webhooks/EventGrid'
        '/api/callbacks/recording-state'
        '/api/health'
      ]
    }
    httpSettings: { requireHttps: true }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: authClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [authClientId, 'api://${authClientId}']
          defaultAuthorizationPolicy: {
            // An empty list permits nobody, so the app's own registration stands in for it.
            allowedApplications: empty(authAllowedClientIds) ? [authClientId] : split(authAllowedClientIds, ',')
          }
        }
      }
    }
    login: { tokenStore: { enabled: false } }
  }
}

output id string = site.id
output name string = site.name
output host string = site.properties.defaultHostName

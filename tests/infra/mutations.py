"""Deliberate mistakes: what a tired person could do to infra/, each as file, text, replacement."""

from __future__ import annotations

from .service_rules import REFUSED, USELESS

MAIN = "main.bicep"
PARAMETERS = "main.parameters.json"
APP = "modules/function-app.bicep"
RUNTIME = "modules/runtime-storage.bicep"
RECORDINGS = "modules/recordings-storage.bicep"
RBAC = "modules/rbac.bicep"
ACS = "modules/communication.bicep"
ACS_ACCESS = "modules/communication-access.bicep"
TOPIC = "modules/eventgrid-topic.bicep"
TOPIC_ACCESS = "modules/eventgrid-topic-access.bicep"
SUBSCRIPTION = "modules/eventgrid-subscription.bicep"
EVENTS_TOPIC = "modules/events-topic.bicep"
EVENTS_OUT = "modules/events-subscriptions.bicep"
EVENTS_QUEUE = "modules/events-queue-access.bicep"
MANIFESTS_TOPIC = "modules/manifests-topic.bicep"
ALERTS = "modules/alerts.bicep"
MONITORING = "modules/monitoring.bicep"
NETWORK = "modules/network.bicep"
HOOK = "hooks/postdeploy.sh"

DEAD_LETTER_START = "    deadLetterWithResourceIdentity: {"
TOPIC_GRANT = """    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      """
SITE_CONFIG = "siteConfig: { minTlsVersion"
WEB_CONFIG = """resource web 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: site
  name: 'web'
  properties: { ftpsState: 'Disabled' }
}

"""
SITE_DIAGNOSTICS = """resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: site
  name: 'recorder'
  properties: { metrics: [{ category: 'AllMetrics', enabled: true }] }
}

"""
SETTINGS_START = "var ownSettings = {"

MUTATIONS: dict[str, tuple[str, str, str]] = {
    # Storage
    "blobs of the runtime account are public": (RUNTIME, "allowBlobPublicAccess: false", "allowBlobPublicAccess: true"),
    "shared keys open the recordings": (RECORDINGS, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true"),
    "old TLS is accepted": (RECORDINGS, "'TLS1_2'", "'TLS1_0'"),
    "Event Grid is locked out of storage": (RUNTIME, "bypass: 'AzureServices'", "bypass: 'None'"),
    "the firewall stays open inside a network": (RECORDINGS, "vnetEnabled ? 'Deny' : 'Allow'", "'Allow'"),
    "a network lets everybody listen": (
        RECORDINGS,
        "&& empty(ownContainerName) && empty(listenerAddresses) ?",
        "&& empty(ownContainerName) && !empty(listenerAddresses) ?",
    ),
    "listeners are let in nowhere": (MAIN, "? [] : split(listenerAddresses, ',')", "? [] : []"),
    "a container is public": (RECORDINGS, "publicAccess: 'None'", "publicAccess: 'Blob'"),
    "a queue is misspelt": (RUNTIME, "'chunk-transfers',", "'chunk-transfer',"),
    "a poison queue is missing": (RUNTIME, ", 'chunk-deletions-poison'", ""),
    "a table is misspelt": (RUNTIME, "'recordingindex'", "'recordingsindex'"),
    "dead letters go elsewhere": (MAIN, "'dead-letters'", "'deadletters'"),
    "versioning is off": (RECORDINGS, "isVersioningEnabled: true", "isVersioningEnabled: false"),
    "versions of recordings are deleted": (RECORDINGS, "prefixMatch: ['${empty", "other: ['${empty"),
    "recordings are deleted by default": (MAIN, "param retentionDays int = 0", "param retentionDays int = 2555"),
    "recordings are never deleted": (RECORDINGS, "enabled: retentionDays > 0", "enabled: false"),
    "what expires lives on as a version": (
        RECORDINGS,
        "              version: { delete: { daysAfterCreationGreaterThan: max(retentionDays, 1) } }\n",
        "",
    ),
    "rejected events stay for ever": (
        RUNTIME,
        "map(containerNames, container =>",
        "map(take(containerNames, 1), container =>",
    ),
    "kept events have no end": (
        RUNTIME,
        "name: 'kept-events'\n          enabled: true",
        "name: 'kept-events'\n          enabled: false",
    ),
    "kept events go with their container's neighbours": (
        RUNTIME,
        "              prefixMatch: map(containerNames, container => '${container}/')\n",
        "",
    ),
    "kept events go before they can be replayed": (MAIN, "@minValue(14)\n", "@minValue(7)\n"),
    "recordings are immutable by default": (MAIN, "immutabilityDays int = 0", "immutabilityDays int = 30"),
    "pages write recordings": (RECORDINGS, "['GET', 'HEAD']", "['GET', 'HEAD', 'PUT']"),
    "pages cannot ask for a part of a file": (RECORDINGS, "allowedHeaders: ['range']", "allowedHeaders: []"),
    "pages cannot see how long a file is": (RECORDINGS, "'content-range', ", ""),
    "pages are let in whatever is asked for": (RECORDINGS, "allowedOrigins: consoleOrigins", "allowedOrigins: ['*']"),
    "no page is let in by default": (MAIN, "? ['*'] : split(consoleOrigins", "? [] : split(consoleOrigins"),
    # The app
    "a setting is missing": (APP, "  ACS_TOPIC: acsId\n", ""),
    "bodies of 100 MiB are read": (APP, "  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: string(requestBodyBytes)\n", ""),
    "a setting is misspelt": (MAIN, "DELETE_FROM_ACS:", "DELETE_AT_ACS:"),
    "the app gets a key": (APP, SETTINGS_START, SETTINGS_START + "\n  ACS_CONNECTION_STRING: acsEndpoint"),
    "the app gets a key of ACS by default": (
        MAIN,
        "acsVaultReference string = ''",
        "acsVaultReference string = 'https://vault/secrets/acs'",
    ),
    "storage is reached with a key": (APP, "'managedidentity'", "'key'"),
    "a key is read": (APP, "string(workerThreads)", "listKeys(acsId, '2023-03-31').primaryKey"),
    "a secret is put out": (APP, "output host string", "output hostKey string"),
    "a setting that Flex refuses": (APP, SETTINGS_START, SETTINGS_START + "\n  WEBSITE_RUN_FROM_PACKAGE: '1'"),
    "http without TLS": (APP, "httpsOnly: true", "httpsOnly: false"),
    "passwords deploy code": (APP, "properties: { allow: false }", "properties: { allow: true }"),
    "another Python": (APP, "version: '3.13'", "version: '3.12'"),
    "the site is private": (APP, "publicNetworkAccess: 'Enabled'", "publicNetworkAccess: 'Disabled'"),
    "a memory that Flex does not have": (MAIN, "[512, 2048, 4096]", "[512, 1024, 4096]"),
    "azd cannot find the site": (MAIN, "'azd-service-name': 'recorder'", "'azd-service-name': 'api'"),
    "Easy Auth refuses Event Grid": (APP, "        '/runtime/webhooks/eventgrid'\n", ""),
    "Easy Auth lets everybody in": (APP, "requireAuthentication: true", "requireAuthentication: false"),
    "Easy Auth without a list lets nobody in": (APP, "? [authClientId] : split", "? [] : split"),
    "Easy Auth forgets the list": (
        APP,
        "empty(authAllowedClientIds) ? [authClientId] :",
        "!empty(authClientId) ? [authClientId] :",
    ),
    "Easy Auth sees the host's spelling": (APP, "        '/runtime/webhooks/EventGrid'\n", ""),
    "an operator sets any setting": (MAIN, "@sealed()\n", ""),
    "an operator's setting wins": (
        APP,
        "union(settings, ownSettings, keySettings)",
        "union(ownSettings, keySettings, settings)",
    ),
    "an operator sets what the template sets": (MAIN, "  CALLBACK_ISSUER: string?", "  CALLBACK_URL: string?"),
    "a setting without bounds": (MAIN, "  @minValue(60)\n  @maxValue(7200)\n  CLAIM_SECONDS", "  CLAIM_SECONDS"),
    "blocks of 16 MiB": (MAIN, "@maxValue(8388608)", "@maxValue(16777216)"),
    "a choice that the code has not": (MAIN, "('once' | 'double-read')?", "('once' | 'twice')?"),
    "a former setting is ignored": (PARAMETERS, "${DELETE_FROM_ACS}", ""),
    "events of ACS meet a sleeping app": (APP, "'function:${eventFunctionName}'", "'event'"),
    "a group of no instances is kept ready": (
        APP,
        "filter(alwaysReady, group => group.instanceCount > 0)",
        "alwaysReady",
    ),
    "the site is written to by two at once": (APP, "  dependsOn: [ftpCredentials]\n", ""),
    "the site has diagnostic settings": (
        APP,
        "output id string",
        SITE_DIAGNOSTICS + "output id string",
    ),
    # Events
    "ACS keys are off before the smoke test": (
        MAIN,
        "acsDisableLocalAuth bool = false",
        "acsDisableLocalAuth bool = true",
    ),
    "ACS has no identity": (ACS, "'SystemAssigned'", "'None'"),
    "the topic is regional": (TOPIC, "location: 'global'", "location: 'westeurope'"),
    "the topic is of another kind": (TOPIC, "CommunicationServices' }", "Communication' }"),
    "another function": (MAIN, "= 'recording_file_ready'", "= 'recording_ready'"),
    "every event is taken": (SUBSCRIPTION, "RecordingFileStatusUpdated", "CallStarted"),
    "no time is left to copy": (SUBSCRIPTION, "eventTimeToLiveInMinutes: 100", "eventTimeToLiveInMinutes: 1440"),
    "letters come after five hours": (SUBSCRIPTION, "eventTimeToLiveInMinutes: 100", "eventTimeToLiveInMinutes: 120"),
    "another schema": (SUBSCRIPTION, "'EventGridSchema'", "'CloudEventSchemaV1_0'"),
    "no dead letters": (SUBSCRIPTION, DEAD_LETTER_START, "    labels: [], ignored: {"),
    "a subscription before its function": (MAIN, " = if (deployEventSubscription) {", " = {"),
    # Events for other apps
    "a key opens the events' topic": (EVENTS_TOPIC, "disableLocalAuth: true", "disableLocalAuth: false"),
    "the events' topic takes another schema": (EVENTS_TOPIC, "'CloudEventSchemaV1_0'", "'EventGridSchema'"),
    "the events' topic cannot be reached": (
        EVENTS_TOPIC,
        "publicNetworkAccess: 'Enabled'",
        "publicNetworkAccess: 'Disabled'",
    ),
    "the app is not told of its topic": (
        APP,
        "EVENTS_TOPIC_ENDPOINT: eventsTopicEndpoint",
        "EVENTS_TOPIC: eventsTopicEndpoint",
    ),
    "the app may not send": (EVENTS_TOPIC, "roles.eventGridDataSender", "roles.monitoringMetricsPublisher"),
    "no topic unless asked for": (MAIN, "eventsFrom string = 'topic'", "eventsFrom string = 'none'"),
    "a topic that was left out": (MAIN, "= if (eventsSource == 'topic') {", "= {"),
    "manifests of another account": (
        MAIN,
        "recordingsStorageId: recordingsStorage.outputs.id\n    workspaceId",
        "recordingsStorageId: runtimeStorage.outputs.id\n    workspaceId",
    ),
    "the manifests' topic is elsewhere": (MANIFESTS_TOPIC, "location: location", "location: 'global'"),
    "a reopened recording is not told of": (EVENTS_OUT, "['/recording.']", "['/recording.json']"),
    "metadata pass for a manifest": (EVENTS_OUT, "values: ['/recording.']", "values: ['.']"),
    "what ACS writes passes for a manifest": (EVENTS_OUT, "/${recordingsContainerName}/blobs/'", "/'"),
    "a subscriber has an hour": (EVENTS_OUT, "eventTimeToLiveInMinutes: 1440", "eventTimeToLiveInMinutes: 60"),
    "messages in a queue vanish": (
        EVENTS_OUT,
        "queueMessageTimeToLiveInSeconds: -1",
        "queueMessageTimeToLiveInSeconds: 60",
    ),
    "a queue is reached by key": (
        EVENTS_OUT,
        "deliveryWithResourceIdentity: queueDelivery",
        "destination: queueDelivery",
    ),
    "manifests to a webhook in another schema": (
        EVENTS_OUT,
        "eventDeliverySchema: 'CloudEventSchemaV1_0'",
        "eventDeliverySchema: 'EventGridSchema'",
    ),
    "the topic reads the queue": (
        EVENTS_QUEUE,
        "roles.storageQueueDataMessageSender",
        "roles.storageQueueDataContributor",
    ),
    "the topic sends to every queue": (EVENTS_QUEUE, "scope: queue\n", "scope: account\n"),
    "the webhook's key is shown": (MAIN, "@secure()\n", ""),
    "undelivered events go to the sweep": (MAIN, "'undelivered-events'", "'dead-letters'"),
    "undelivered events are thrown away": (EVENTS_OUT, "    deadLetterWithResourceIdentity: deadLetters\n", ""),
    "dead letters of other apps count as those of ACS": (
        EVENTS_TOPIC,
        "    logs: [",
        "    metrics: [{ category: 'AllMetrics', enabled: true }]\n    logs: [",
    ),
    "nobody hears of unsent events": (ALERTS, '"event_unsent "', '"event_rejected "'),
    "alerts watch the wrong topic": (ALERTS, "alert.topic == 'acs' ? topicId : eventsTopicId", "topicId"),
    # Access
    "a role that is another one": (
        "roles.json",
        "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        "974c5e8b-45b9-4653-ba55-5f855dd0fb89",
    ),
    "the app writes to every container": (RBAC, "scope: recordingsContainer", "scope: recordings"),
    "the app may not write exports": (
        RBAC,
        "scope: exportsContainer\n  properties: {\n    principalId: app",
        "scope: recordings\n  properties: {\n    principalId: app",
    ),
    "the exports' rule takes recordings": (
        RECORDINGS,
        "prefixMatch: ['${exportsContainerName}/']",
        "prefixMatch: ['${containerName}/']",
    ),
    "the exports' rule takes everything": (RECORDINGS, ", prefixMatch: ['${exportsContainerName}/']", ""),
    "what an export was lives on as a version": (
        RECORDINGS,
        "              version: { delete: { daysAfterCreationGreaterThan: 1 } }\n",
        "",
    ),
    "the app deletes recordings by default": (
        MAIN,
        "recordingsLeastPrivilege bool = true",
        "recordingsLeastPrivilege bool = false",
    ),
    "the app deletes recordings, whatever is asked for": (
        MAIN,
        "recordingsRoleId: recordingsRole\n",
        "recordingsRoleId: roles.storageBlobDataContributor\n",
    ),
    "a role of our own deletes": ("app-roles.json", "blobs/add/action", "blobs/delete"),
    "a role of our own is a wildcard": ("app-roles.json", "containers/blobs/write", "containers/blobs/*"),
    "a role of our own lists keys": ("app-roles.json", "CommunicationServices/Write", "CommunicationServices/*"),
    "a role of our own is another one": (
        "modules/app-roles.bicep",
        "[permissions.recordingsWriter]",
        "[{ dataActions: ['*'] }]",
    ),
    "a role that ACS may not honour, by default": (
        MAIN,
        "acsLeastPrivilege bool = false",
        "acsLeastPrivilege bool = true",
    ),
    "a role is assigned before it is there": (
        MAIN,
        "recordingsStorage, appRoles]",
        "recordingsStorage]",
    ),
    "the app writes its package": (RBAC, "principalId: packagePrincipalId", "principalId: appPrincipalId"),
    "the app reads its package": (
        APP,
        "userAssignedIdentityResourceId: packageIdentityId",
        "userAssignedIdentityResourceId: identityId",
    ),
    "the package lies where the app owns the blobs": (
        MAIN,
        "var packageStorageName = '${names.packageStorage}",
        "var packageStorageName = '${names.runtimeStorage}",
    ),
    "one identity for the app and its package": (
        MAIN,
        "packageIdentityId: packageIdentity.outputs.id",
        "packageIdentityId: identity.outputs.id",
    ),
    "the package cannot be reached inside a network": (
        NETWORK,
        "  { name: 'package-blob', accountId: packageStorageId",
        "  { name: 'package-blob', accountId: recordingsStorageId",
    ),
    "the topic owns the blobs": (
        RBAC,
        TOPIC_GRANT + "roles.storageBlobDataContributor",
        TOPIC_GRANT + "roles.storageBlobDataOwner",
    ),
    "a grant that cannot be repeated": (RBAC, "guid(insights.id, appPrincipalId", "guid(insights.id, 'app'"),
    "a grant without principalType": (ACS_ACCESS, "    principalType: 'ServicePrincipal'\n", ""),
    "the app starts without roles": (MAIN, "  dependsOn: [rbac] // the first start needs its storage\n", ""),
    "links cannot be signed": (RBAC, "roles.storageBlobDelegator", "roles.storageBlobDataReader"),
    # Watching
    "an alert on a line that nothing logs": (ALERTS, '"chunk_failed "', '"chunk_failure "'),
    "an alert that matches too much": (ALERTS, '"chunk_failed "', '"chunk_failed"'),
    "no alert on dropped events": (ALERTS, "'DroppedEventCount'", "'DeliverySuccessCount'"),
    "alerts notify nobody": (
        ALERTS,
        "actionGroups: actionGroupIds, customProperties: { runbook: 'docs/deploy.md#sweep",
        "actionGroups: [], customProperties: { runbook: 'docs/deploy.md#sweep",
    ),
    "a silent sweep is noticed late": (ALERTS, "numberOfEvaluationPeriods: 3", "numberOfEvaluationPeriods: 6"),
    "the workbook shows a state that is none": ("workbook.json", '\\"transferring\\"', '\\"copying\\"'),
    "the workbook reads a field that is none": ("workbook.json", "fields.bytes", "fields.byteCount"),
    "deliveries leave no trace": (TOPIC_ACCESS, "'AllMetrics', enabled: true", "'AllMetrics', enabled: false"),
    "reads leave no trace": (RECORDINGS, "categoryGroup: 'audit'", "categoryGroup: 'none'"),
    "a key sends telemetry": (MONITORING, "DisableLocalAuth: true", "DisableLocalAuth: false"),
    "a second failed chunk is not told of": (
        ALERTS,
        "      autoMitigate: false\n      muteActionsDuration: 'PT30M'\n",
        "      autoMitigate: true\n",
    ),
    # Shape
    "a parameter of any shape": (MONITORING, "param tags { *: string }", "param tags object"),
    "a loop that the compiler would lay out anew": (RBAC, "= [\n  for role", "= [for role"),
    "a line that the compiler would join": (
        MAIN,
        "empty(refusals) ? '${names.resourceGroup}${environmentName}' :",
        "empty(refusals)\n  ? '${names.resourceGroup}${environmentName}'\n  :",
    ),
    "a line that the compiler would break": (
        APP,
        "sku: { name: 'FC1', tier: 'FlexConsumption' }",
        "sku: { name: 'FC1', tier: 'FlexConsumption' /* " + "and so on " * 9 + "*/ }",
    ),
    "a name that a preview cannot know": (
        MAIN,
        "    recordingsStorageName: recordingsStorageName\n",
        "    recordingsStorageName: last(split(recordingsStorage.outputs.id, '/'))\n",
    ),
    "a property that Azure does not know": (APP, "clientAffinityEnabled: false", "clientAffinity: false"),
    "a nested property that Azure does not know": (ALERTS, "minFailingPeriodsToAlert: 1", "minFailingPeriods: 1"),
    "a syntax error": (NETWORK, "location: 'global'", "location 'global'"),
    "an API version that nobody chose": (TOPIC, "systemTopics@2025-02-15", "systemTopics@2022-06-15"),
    "a module from a registry": (MAIN, "'modules/identity.bicep'", "'br/public:avm/res/managed-identity:0.4.0'"),
    "an unused parameter": (MAIN, "var names =", "param spare string = ''\nvar names ="),
    "a module lacks a parameter": (
        MAIN,
        "    deadLettersName: deadLettersName\n    rejected",
        "    rejected",
    ),
    "a parameter that azd cannot set": (PARAMETERS, '"alertEmail"', '"alertMail"'),
    "two defaults": (PARAMETERS, "HTTP_CONCURRENCY=16", "HTTP_CONCURRENCY=32"),
    "a number without bounds": (MAIN, "@maxValue(3650)\n", ""),
    "the hook uses what nobody sets": (HOOK, "RUNTIME_STORAGE_ID", "RUNTIME_ACCOUNT_ID"),
    "the hook forgets a parameter": (HOOK, '    runtimeStorageId="$RUNTIME_STORAGE_ID" \\\n', ""),
    # Each property that Flex Consumption refuses, in the place where it would stand
    **{
        f"the site has {name}": (APP, SITE_CONFIG, f"siteConfig: {{ {name}: null, minTlsVersion")
        for name in sorted({**REFUSED, **USELESS})
    },
    "the site has FTPS by a config of its own": (
        APP,
        "resource ftpCredentials",
        WEB_CONFIG + "resource ftpCredentials",
    ),
}

// What somebody must look at. The name of each alert is the heading of its runbook entry in docs/deploy.md.
// The queries search for the app's own log lines: an event name, a blank, one JSON object. A test compares the names.
param location string
param tags { *: string }
param workspaceId string
@description('The topic of ACS.')
param topicId string
@description('What other apps can subscribe to: topic, manifests or none.')
param eventsSource string
@description('The topic from which they get it; empty: none.')
param eventsTopicId string
@description('Empty: the alerts exist and notify nobody.')
param alertEmail string
param actionGroupName string

var actionGroupIds = empty(alertEmail) ? [] : [actionGroup.id]

// Half an hour, looked at every quarter: a line that reaches the workspace late is still seen. Every five minutes would
// cost three times as much and win nothing: the shortest time left to act is four hours.
var lineAlerts = [
  {
    name: 'event-rejected'
    severity: 1
    says: 'An event was not understood. It is kept in the container rejected-events.'
    query: 'AppTraces | where Message startswith "event_rejected "'
  }
  {
    name: 'chunk-failed'
    severity: 0
    says: 'A chunk expired or was refused. There is no verified copy of it.'
    query: 'AppTraces | where Message startswith "chunk_failed "'
  }
  {
    name: 'chunk-at-risk'
    severity: 0
    says: 'A chunk is not stored yet, and ACS destroys it within hours.'
    query: 'AppTraces | where Message startswith "chunk_at_risk "'
  }
  {
    name: 'chunk-altered'
    severity: 1
    says: 'A stored copy is not what was verified. Nothing was deleted at ACS because of it.'
    query: 'AppTraces | where Message startswith "chunk_altered "'
  }
  {
    name: 'chunk-incomplete'
    severity: 2
    says: 'The media of a chunk are stored; its metadata are not, or name another call.'
    query: 'AppTraces | where Message startswith "chunk_incomplete "'
  }
  {
    name: 'recording-failed'
    severity: 1
    says: 'A recording never started, brought no file, or lost a chunk.'
    query: 'AppTraces | where Message startswith "recording_failed "'
  }
  {
    name: 'recording-incomplete'
    severity: 1
    says: 'Files of a recording are missing: there is a gap, or ACS says that more follows or that a part was lost.'
    query: 'AppTraces | where Message startswith "recording_incomplete "'
  }
  {
    name: 'recording-unusual'
    severity: 3
    says: 'A recording is complete, but ACS could not write to its own container, or ended it for an unknown reason.'
    query: 'AppTraces | where Message startswith "recording_unusual "'
  }
  {
    name: 'recording-overdue'
    severity: 3
    says: 'A recording still runs after MAX_RECORDING_HOURS.'
    query: 'AppTraces | where Message startswith "recording_overdue "'
  }
  {
    name: 'message-poisoned'
    severity: 2
    says: 'A queue message could not be handled five times. The sweep drives its chunk on.'
    query: 'AppTraces | where Message startswith "message_poisoned "'
  }
  {
    name: 'settings-wrong'
    severity: 0
    says: 'A setting of the app is missing or malformed. Nothing works until it is mended; nothing is lost meanwhile.'
    query: 'AppTraces | where Message startswith "settings_wrong "'
  }
  {
    name: 'sweep-interrupted'
    severity: 2
    says: 'An outage kept a part of a sweep or a replay from being done. The next sweep goes on.'
    query: 'AppTraces | where Message startswith "sweep_interrupted "'
  }
  {
    name: 'unforeseen-fault'
    severity: 1
    says: 'Something that nobody foresaw kept one recording, chunk or event from being worked on. The others go on.'
    query: 'AppTraces | where Message startswith "unforeseen_fault "'
  }
  {
    name: 'event-unsent'
    severity: 2
    says: 'Events for other apps could not be sent to their topic for 24 hours. They are kept, and not tried again.'
    query: 'AppTraces | where Message startswith "event_unsent "'
  }
  {
    name: 'http-5xx'
    severity: 2
    says: 'The API answered at least five requests with a server error within half an hour.'
    query: 'AppRequests | where toint(ResultCode) between (500 .. 599) | summarize failures = sum(ItemCount) | where failures >= 5'
  }
]

// A day is looked back on. The sweep takes every letter there is, so one ingestion after a letter answers for it; the
// two minutes are for clocks that differ. Metrics of Event Grid carry the start of their minute.
var deadLettersQuery = '''
let ingested = toscalar(AppTraces | where Message startswith "dead_letter_ingested " | summarize max(TimeGenerated));
AzureMetrics
| where ResourceProvider =~ "MICROSOFT.EVENTGRID" and MetricName == "DeadLetteredCount" and Total > 0
| where TimeGenerated < ago(30m)
| where isnull(ingested) or ingested < TimeGenerated - 2m
'''

// Three empty windows of five minutes in a row, so that a first deployment does not raise it.
var sweepQuery = 'AppTraces | where Message startswith "sweep_finished " | summarize sweeps = count() | where sweeps == 0'

var metricAlerts = [
  {
    name: 'events-dropped'
    severity: 0
    says: 'Event Grid threw events away: neither the app nor the dead-letter container took them.'
    topic: 'acs'
    metric: 'DroppedEventCount'
    threshold: 0
  }
  {
    name: 'events-dead-lettered'
    severity: 3
    says: 'Event Grid gave up on events after two hours. The sweep ingests them within a minute.'
    topic: 'acs'
    metric: 'DeadLetteredCount'
    threshold: 0
  }
  {
    name: 'deliveries-failing'
    severity: 2
    says: 'Event Grid cannot deliver to the app and tries again.'
    topic: 'acs'
    metric: 'DeliveryAttemptFailCount'
    threshold: 10
  }
  {
    name: 'app-events-dropped'
    severity: 2
    says: 'Event Grid threw events for other apps away: neither a subscriber nor a dead-letter container took them.'
    topic: 'apps'
    metric: 'DroppedEventCount'
    threshold: 0
  }
  {
    name: 'app-events-dead-lettered'
    severity: 2
    says: 'A subscriber did not take events for other apps for a day. They lie in the container undelivered-events.'
    topic: 'apps'
    metric: 'DeadLetteredCount'
    threshold: 0
  }
  {
    name: 'app-deliveries-failing'
    severity: 3
    says: 'Event Grid cannot deliver events for other apps to a subscriber and tries again, for a day.'
    topic: 'apps'
    metric: 'DeliveryAttemptFailCount'
    threshold: 10
  }
]

var eventsTopicType = eventsSource == 'topic' ? 'Microsoft.EventGrid/topics' : 'Microsoft.EventGrid/systemTopics'

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'recorder'
    emailReceivers: [{ name: 'operators', emailAddress: alertEmail, useCommonAlertSchema: true }]
  }
}

resource lines 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in lineAlerts: {
    name: 'recorder-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: alert.name
      description: alert.says
      severity: alert.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT30M'
      // Each line tells of something else. A stateful alert would stay open, and say nothing of the next one.
      autoMitigate: false
      muteActionsDuration: 'PT30M'
      skipQueryValidation: true // a fresh workspace does not know the tables yet
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: actionGroupIds, customProperties: { runbook: 'docs/deploy.md#${alert.name}' } }
    }
  }
]

resource deadLetters 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: 'recorder-dead-letters-waiting'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'dead-letters-waiting'
    description: 'Events that Event Grid gave up on were not ingested within 30 minutes.'
    severity: 1
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT15M'
    windowSize: 'P1D'
    autoMitigate: true
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: deadLettersQuery
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: actionGroupIds, customProperties: { runbook: 'docs/deploy.md#dead-letters-waiting' } }
  }
}

resource sweep 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: 'recorder-sweep-silent'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'sweep-silent'
    description: 'No sweep finished for 15 minutes: nothing is retried, and nothing warns of expiry.'
    severity: 0
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    autoMitigate: true
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: sweepQuery
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: { numberOfEvaluationPeriods: 3, minFailingPeriodsToAlert: 3 }
        }
      ]
    }
    actions: { actionGroups: actionGroupIds, customProperties: { runbook: 'docs/deploy.md#sweep-silent' } }
  }
}

resource metrics 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for alert in metricAlerts: if (alert.topic == 'acs' || eventsSource != 'none') {
    name: 'recorder-${alert.name}'
    location: 'global'
    tags: tags
    properties: {
      description: alert.says
      severity: alert.severity
      enabled: true
      scopes: [alert.topic == 'acs' ? topicId : eventsTopicId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: alert.name
            criterionType: 'StaticThresholdCriterion'
            metricNamespace: alert.topic == 'acs' ? 'Microsoft.EventGrid/systemTopics' : eventsTopicType
            metricName: alert.metric
            timeAggregation: 'Total'
            operator: 'GreaterThan'
            threshold: alert.threshold
          }
        ]
      }
      actions: map(actionGroupIds, id => { actionGroupId: id })
    }
  }
]

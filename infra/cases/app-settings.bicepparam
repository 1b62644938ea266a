using '../main.bicep'

param environmentName = 'calls'
param location = 'westeurope'
param appSettings = {
  DELETE_FROM_ACS: 'never'
  CLAIM_SECONDS: 600
  BYOS_CONTAINERS: 'https://theirs.blob.core.windows.net/calls'
}

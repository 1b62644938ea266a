using '../main.bicep'

param environmentName = 'calls'
param location = 'westeurope'
param acsVaultReference = 'https://vault.vault.azure.net/secrets/acs'

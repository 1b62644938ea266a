using '../main.bicep'

param environmentName = 'calls'
param location = 'westeurope'
param acsLeastPrivilege = true

using '../main.bicep'

param environmentName = 'calls'
param location = 'westeurope'
param existingAcsName = 'acs-theirs'
param existingAcsResourceGroup = 'rg-theirs'

using '../main.bicep'

param environmentName = 'calls'
param location = 'westeurope'
param alertEmail = 'operators@example.com'

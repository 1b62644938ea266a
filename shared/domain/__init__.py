"""What the app knows: values, rules, errors, and the ports through which it asks for the rest. Imports only itself."""

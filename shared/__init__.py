"""Everything that is not a trigger: the domain, its ports, and the adapters behind them."""

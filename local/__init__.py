"""Run the whole app on one machine with no Azure."""

"""Each promise of the provider written once and run for every row of the table."""

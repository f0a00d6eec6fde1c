"""What bench/conduct and bench/report are made of."""

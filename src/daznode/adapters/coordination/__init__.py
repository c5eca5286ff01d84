"""What several processes agree on: leases, rate limits, and the feed of alerts."""

"""HTTP to other programs: one client with limits, retries on reads, a breaker, and no foreign error."""

"""LND 0.17 and newer, over REST with a macaroon."""

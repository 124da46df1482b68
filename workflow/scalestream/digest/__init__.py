"""What of the code can change a result: digests that follow meaning."""

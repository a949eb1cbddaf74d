"""Files: a large one up and down through our hook, beside a raw socket and plain copies."""

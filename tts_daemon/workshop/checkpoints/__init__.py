"""Published models: found, downloaded, read without trust."""

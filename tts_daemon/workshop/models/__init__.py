"""The torch models, named as the published checkpoints name them."""

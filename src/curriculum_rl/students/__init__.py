"""The simulated student: latent, never seen by a policy."""

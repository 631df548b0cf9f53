"""What "taught well" means: one objective a file, each a reward for what one step changed."""

"""What a learned policy is made of: one network a file."""

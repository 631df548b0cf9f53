"""How a policy is learned. The one room, with exports, that may use torch."""

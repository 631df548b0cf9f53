"""What another strategy would have reached, judged from the logs of one that was used: off-policy evaluation."""
